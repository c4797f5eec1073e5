package heddle.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.net.Deadline;
import heddle.net.Net;
import heddle.net.TcpConn;
import heddle.net.TcpInfo;
import heddle.net.TcpListener;
import heddle.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code heddle dial} as a process, against a peer of the test's. */
@Timeout(120)
@Tag("thorough")
class DialTest {
    /** Fills the pipe that is its stdout, and its buffer, so that at least a byte is still to be received. */
    private static final int MORE_THAN_IT_HOLDS = (128 << 10) + 1;

    @TempDir
    private Path folder;

    private TcpListener listener;
    private Process dial;
    private TcpConn peer;

    @BeforeEach
    @Timeout(60)
    void connect() throws IOException {
        listener = (TcpListener) Net.listen("tcp", "127.0.0.1:0");
        List<String> command = new ArrayList<>(ServeProcess.java());
        command.addAll(List.of("dial", listener.address().toString()));
        dial = new ProcessBuilder(command)
                .redirectError(folder.resolve("err").toFile())
                .start();
        peer = listener.accept();
    }

    @AfterEach
    void end() throws IOException {
        dial.destroyForcibly();
        peer.close();
        listener.close();
    }

    private int exit() throws InterruptedException {
        assertThat(dial.waitFor(60, TimeUnit.SECONDS)).as("ended").isTrue();
        return dial.exitValue();
    }

    private String stderr() throws IOException {
        return Files.readString(folder.resolve("err"));
    }

    /** Until nobody reads it any more. */
    private void writeStdin() throws IOException {
        while (true) {
            dial.getOutputStream().write(new byte[1 << 10]);
            dial.getOutputStream().flush();
        }
    }

    @Test
    void whatThePeerSentBeforeItClosedIsPrintedThoughSendingFails() throws Exception {
        peer.write(new byte[MORE_THAN_IT_HOLDS]);
        peer.closeWrite();
        Await.until("all of it in dial's receive buffer", () -> peer.info().state() == TcpInfo.State.FIN_WAIT_2);
        peer.close();
        assertThatThrownBy(this::writeStdin).hasMessageContaining("Broken pipe");
        assertThat(dial.getInputStream().readAllBytes()).hasSize(MORE_THAN_IT_HOLDS);
        assertThat(exit()).as(stderr()).isZero();
    }

    @Test
    void aPeerThatClosesInOrderWhileStdinFlowsIsNoFailure() throws Exception {
        var stdin = Thread.ofPlatform().daemon().start(() -> {
            try {
                writeStdin();
            } catch (IOException ended) {
                // as it must
            }
        });
        assertThat(peer.read(new byte[1])).isEqualTo(1);
        peer.closeWrite();
        assertThat(exit()).as(stderr()).isZero();
        stdin.join();
    }

    @Test
    void aResetIsAFailure() throws Exception {
        dial.getOutputStream().write('x');
        dial.getOutputStream().flush();
        peer.awaitReadable(Deadline.NONE);
        peer.close(); // with a byte unread
        assertThat(exit()).isEqualTo(1);
        assertThat(stderr()).startsWith("heddle dial: ").contains("connection reset by peer");
    }
}
