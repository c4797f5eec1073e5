package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.internal.socket.Errno;
import heddle.testing.Runtimes;
import heddle.testing.Ways;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Sockets that listen already, and ports that are taken over. A socket that somebody else has too is made here by
 * dup(2).
 */
@Ways
class InheritTest {

    @TempDir
    private Path folder;

    private static ListenConfig config() {
        return Runtimes.listenConfig();
    }

    private static void assumeKernelDescriptors() {
        assumeTrue(Runtimes.current().way() != Way.NIO, "needs the kernel's numbers");
    }

    @SuppressWarnings("restricted") // The tests are granted native access.
    private static int dup(int fd) {
        MethodHandle call = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("dup"),
                        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        try {
            return (int) call.invokeExact(fd);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    @ParameterizedTest
    @CsvSource({"tcp,127.0.0.1:0", "tcp,[::1]:0", "unix,path", "unix,@", "unixpacket,path"})
    void whatAnInheritedListenerLeavesIsStillThereForItsMaker(String network, String address) throws Exception {
        assumeKernelDescriptors();
        var fd = new AtomicInteger();
        String at = address.equals("path") ? folder.resolve("socket").toString() : address.replace("@", "");
        try (Listener made =
                config().control((_, _, raw) -> fd.set(raw.descriptor())).listen(network, at)) {
            Listener inherited = config().inherit(dup(fd.get()));
            assertThat(inherited.address()).isEqualTo(made.address());
            String to = made.address().toString();
            try (inherited;
                    Conn dialed = Runtimes.dial(network, to);
                    Conn accepted = inherited.accept()) {
                dialed.write(new byte[] {1});
                assertThat(accepted.read(new byte[2])).isEqualTo(1);
                assertThat(accepted.localAddress()).isEqualTo(made.address());
            }
            assertThrows(ConnClosedException.class, inherited::accept);
            if (address.equals("path")) {
                assertThat(Path.of(at)).exists();
            }
            try (Conn dialed = Runtimes.dial(network, to);
                    Conn accepted = made.accept()) {
                accepted.write(new byte[] {2});
                assertThat(dialed.read(new byte[2])).isEqualTo(1);
            }
        }
    }

    @Test
    void whatDoesNotListenIsRefusedAndStaysOpen() throws Exception {
        assumeKernelDescriptors();
        Control hook = (_, _, raw) -> {
            var e = assertThrows(IOException.class, () -> config().inherit(raw.descriptor()));
            assertThat(e)
                    .hasMessageMatching(
                            "inherit: inherit: invalid argument \\(descriptor \\d+, which does not listen\\)");
        };
        config().control(hook).listen("tcp", "127.0.0.1:0").close();
    }

    @Test
    void whatIsNoSocketIsRefused() {
        int none = Runtimes.current().way() == Way.NIO ? Errno.ENOSYS : Errno.EBADF;
        var e = assertThrows(NetException.class, () -> config().inherit(1 << 20));
        assertThat(e.errno()).isEqualTo(none);
        e = assertThrows(NetException.class, () -> config().inherit(0));
        assertThat(e.errno()).isEqualTo(Errno.ENOTSOCK);
        assertThat(Files.exists(Path.of("/proc/self/fd/0"))).as("it stays open").isTrue();
    }

    @Test
    void thePortIsTakenOverAndNoConnectionIsReset() throws Exception {
        if (Runtimes.current().way() == Way.NIO) {
            var e = assertThrows(
                    IOException.class, () -> config().takeOver(true).listen("tcp", "127.0.0.1:0"));
            assertThat(e).hasMessageContaining("protocol not available");
            return;
        }
        Listener older = config().reusePort(true).listen("tcp", "127.0.0.1:0");
        String address = older.address().toString();
        for (int turn = 0; turn < 3; turn++) {
            Listener newer = config().takeOver(true).listen("tcp", address);
            var dialed = new Conn[20];
            for (int i = 0; i < dialed.length; i++) {
                dialed[i] = Runtimes.dial("tcp", address);
            }
            older.close(); // which would reset what it has in its backlog
            for (int i = 0; i < dialed.length; i++) {
                try (Conn accepted = newer.accept()) {
                    accepted.write(new byte[1]);
                }
            }
            for (Conn conn : dialed) {
                try (conn) {
                    assertThat(conn.read(new byte[2])).isEqualTo(1);
                }
            }
            older = newer;
        }
        older.close();
    }
}
