package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.socket.Errno;
import heddle.internal.socket.SocketOption;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Ways;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What a {@link Control} may do with the socket that it sees, and for how long. */
@Ways
class RawSocketTest {

    /** Linux's numbers, which way nio translates. */
    private static final int SOL_SOCKET = 1;

    private static final int SO_RCVBUF = 8;
    private static final int SO_KEEPALIVE = 9;

    private static boolean hasKernelDescriptors() {
        return Runtimes.current().way() != Way.NIO;
    }

    @Test
    @Behaviour(171)
    void optionsOfAListenerAndOfADialAreSetAndRead() throws Exception {
        var calls = new AtomicInteger();
        Control control = (network, address, socket) -> {
            socket.setOption(SOL_SOCKET, SO_RCVBUF, 40_000);
            // Linux keeps the double; socket(7).
            assertThat(socket.option(SOL_SOCKET, SO_RCVBUF)).isIn(40_000, 80_000);
            assertThat(socket.descriptor() >= 0).isEqualTo(hasKernelDescriptors());
            calls.incrementAndGet();
        };
        try (Listener listener = Runtimes.listenConfig().control(control).listen("tcp", "127.0.0.1:0");
                Conn dialed = Runtimes.dialer().control(control).dial("tcp", "" + listener.address())) {
            assertThat(Parked.descriptor(listener).option(SocketOption.RECEIVE_BUFFER))
                    .isIn(40_000, 80_000);
            assertThat(Parked.descriptor(dialed).option(SocketOption.RECEIVE_BUFFER))
                    .isIn(40_000, 80_000);
            assertThat(calls).hasValue(2);
        }
    }

    @Test
    @Behaviour(171)
    void optionThatNobodyKnowsFailsTheHook() {
        Control control = (network, address, socket) -> socket.setOption(SOL_SOCKET, 98_765, 1);
        var listen = assertThrows(
                IOException.class,
                () -> Runtimes.listenConfig().control(control).listen("tcp", "127.0.0.1:0"));
        var dial = assertThrows(
                IOException.class, () -> Runtimes.dialer().control(control).dial("tcp", "127.0.0.1:1"));
        for (IOException e : new IOException[] {listen, dial}) {
            assertThat(((NetError) e).errno()).isEqualTo(Errno.ENOPROTOOPT);
        }
    }

    /** The number may be another socket's by then, or nobody's. */
    @Test
    @Behaviour(170)
    void socketThatOutlivesItsHookRefuses() throws Exception {
        var kept = new AtomicReference<RawSocket>();
        Control control = (network, address, socket) -> kept.set(socket);
        Listener listener = Runtimes.listenConfig().control(control).listen("tcp", "127.0.0.1:0");
        checkRefuses(kept.get());
        try (Conn dialed = Runtimes.dialer().control(control).dial("tcp", "" + listener.address())) {
            checkRefuses(kept.get());
            assertThat(Parked.descriptor(dialed).option(SocketOption.KEEP_ALIVE))
                    .isEqualTo(1);
        }
        listener.close();
        checkRefuses(kept.get());
        Control failing = (network, address, socket) -> {
            kept.set(socket);
            throw new IOException("refused by the hook");
        };
        var e = assertThrows(
                IOException.class, () -> Runtimes.dialer().control(failing).dial("tcp", "127.0.0.1:1"));
        assertThat(e).hasMessage("refused by the hook");
        checkRefuses(kept.get());
    }

    private static void checkRefuses(RawSocket socket) {
        var e = assertThrows(ConnClosedException.class, () -> socket.setOption(SOL_SOCKET, SO_KEEPALIVE, 0));
        assertThat(e.op()).isEqualTo("control");
        assertThrows(ConnClosedException.class, () -> socket.option(SOL_SOCKET, SO_KEEPALIVE));
        assertThat(socket.descriptor()).isEqualTo(-1);
    }
}
