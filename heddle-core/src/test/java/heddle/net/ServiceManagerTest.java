package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.socket.Errno;
import heddle.net.ServiceManager.Passed;
import heddle.testing.NotifySocket;
import heddle.testing.Runtimes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceManagerTest {

    private static final long PID = 42;

    @TempDir
    private Path folder;

    /** That of names and values, by turns. */
    private static ServiceManager manager(String... environment) {
        Map<String, String> all = new HashMap<>();
        for (int i = 0; i < environment.length; i += 2) {
            all.put(environment[i], environment[i + 1]);
        }
        return new ServiceManager(Runtimes.current(), all, PID);
    }

    @Test
    void socketsHaveTheirNumbersAndNames() throws Exception {
        assertThat(manager("LISTEN_PID", "42", "LISTEN_FDS", "3", "LISTEN_FDNAMES", "clients::tills")
                        .sockets())
                .containsExactly(new Passed(3, "clients"), new Passed(4, "unknown"), new Passed(5, "tills"));
        assertThat(manager("LISTEN_PID", "42", "LISTEN_FDS", "1").sockets()).containsExactly(new Passed(3, "unknown"));
        assertThat(manager("LISTEN_PID", "42", "LISTEN_FDS", "0").sockets()).isEmpty();
    }

    @Test
    void socketsOfAnotherProcessAreNotTaken() throws Exception {
        assertThat(manager().sockets()).isEmpty();
        assertThat(manager("LISTEN_FDS", "1").sockets()).isEmpty();
        assertThat(manager("LISTEN_PID", "41", "LISTEN_FDS", "1").sockets()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "-1", "99999999999"})
    void numbersThatMakeNoSenseAreSaid(String number) {
        assertThatThrownBy(
                        () -> manager("LISTEN_PID", "42", "LISTEN_FDS", number).sockets())
                .isInstanceOf(IOException.class)
                .hasMessage("environment LISTEN_FDS=%s: want a number from 0 to 1048576", number);
    }

    @Test
    void theWatchdogIsThatOfThisProcess() throws Exception {
        assertThat(manager("WATCHDOG_USEC", "30000000").watchdog()).contains(Duration.ofSeconds(30));
        assertThat(manager("WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "42").watchdog())
                .isPresent();
        assertThat(manager("WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "41").watchdog())
                .isEmpty();
        assertThat(manager("WATCHDOG_USEC", "0").watchdog()).isEmpty();
        assertThat(manager().watchdog()).isEmpty();
    }

    @Test
    void nobodyIsToldWhereNobodyWantsToKnow() throws Exception {
        assertThat(manager().tell("READY=1")).isFalse();
        assertThatThrownBy(() -> manager("NOTIFY_SOCKET", "vsock:2:1").tell("READY=1"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("want a path");
    }

    @Test
    void aManagerThatIsGoneIsAFailure() {
        var gone = folder.resolve("gone").toString();
        var e = assertThrows(
                NetException.class, () -> manager("NOTIFY_SOCKET", gone).tell("READY=1"));
        boolean tells = Runtimes.current().way() != Way.NIO;
        assertThat(e.errno()).isEqualTo(tells ? Errno.ENOENT : Errno.ENOSYS);
    }

    @Test
    @Tag("thorough")
    void eachAssignmentIsALine() throws Exception {
        for (String name : new String[] {folder.resolve("notify").toString(), "@heddle-" + folder}) {
            try (var socket = new NotifySocket(name)) {
                var manager = manager("NOTIFY_SOCKET", name);
                assertThat(manager.tell("READY=1", "STATUS=two\nlines", manager.monotonicNow()))
                        .isTrue();
                assertThat(socket.next()).matches("READY=1;STATUS=two lines;MONOTONIC_USEC=\\d+");
            }
        }
    }
}
