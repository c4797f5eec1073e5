package heddle.bench.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The load generator tells the truth of servers that are late, wrong or unfair. A busy machine may make them later
 * still.
 */
@Tag("thorough")
@Timeout(60)
class LoadTest {

    private static final int MESSAGE_BYTES = 64;
    private static final Native COMPILED = new Native(Path.of("").toAbsolutePath());

    private ServerSocket listener;

    /** Connections so far. */
    private final AtomicInteger accepted = new AtomicInteger();

    @BeforeAll
    static void compile() throws IOException {
        assumeFalse(
                Commands.output(List.of("gcc", "--version")).isEmpty(), "no gcc, so the load generator is not tested");
        COMPILED.buildLoad();
    }

    @BeforeEach
    void listen() throws IOException {
        listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws IOException {
        listener.close();
    }

    @Test
    void aServerThatAnswersLateByAKnownTimeIsFoundToDoSo() throws IOException {
        serve((connection, number, message) -> {
            Commands.sleep(20);
            return message;
        });
        Histogram latency =
                LoadReport.histogram(run("connections=4", "window=1").latency());
        assertThat(millis(latency, 50)).isBetween(20.0, 200.0);
        assertThat(latency.getMinValue()).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(20));
    }

    /** A server that stands still for half a second of two makes a quarter of the messages wait, not one. */
    @Test
    void whatIsDueWhileTheServerStandsStillCountsFromThen() throws IOException {
        long stallNanos = TimeUnit.MILLISECONDS.toNanos(500);
        serve((connection, number, message) -> {
            if (number == 500) {
                Commands.sleep(TimeUnit.NANOSECONDS.toMillis(stallNanos));
            }
            return message;
        });
        LoadReport report = run("connections=1", "rate=1000", "warmup=0", "window=2");
        Histogram latency = LoadReport.histogram(report.latency());
        assertThat(latency.getTotalCount()).isBetween(1999L, 2001L);
        assertThat(latency.getMaxValue()).isGreaterThanOrEqualTo(stallNanos);
        long half = latency.getCountBetweenValues(stallNanos / 2, 10 * stallNanos);
        assertThat(half).as("messages that waited half of it").isBetween(240L, 1000L);
    }

    @Test
    void messagesThatAreNeverAnsweredCountWithTheirAge() throws IOException {
        serve((connection, number, message) -> {
            if (number == 100) {
                Commands.sleep(30_000);
            }
            return message;
        });
        LoadReport report = run("connections=1", "rate=1000", "warmup=0", "window=1", "drain=0.5");
        assertThat(report.unanswered()).isBetween(850L, 1000L);
        Histogram latency = LoadReport.histogram(report.latency());
        assertThat(latency.getTotalCount()).isBetween(999L, 1001L);
        assertThat(millis(latency, 90)).isBetween(1100.0, 1600.0);
    }

    @Test
    void aWrongByteIsFound() throws IOException {
        serve((connection, number, message) -> {
            if (number == 300) {
                message[17]++;
            }
            return message;
        });
        LoadReport report = run("connections=2", "window=0.5");
        assertThat(report.wrong()).isEqualTo(2);
        int at = 300 * MESSAGE_BYTES + 17;
        assertThat(report.failure()).startsWith("wrong byte ").contains(" at " + at + " of connection ");
    }

    @Test
    void bytesOfAnotherMessageAreFound() throws IOException {
        byte[] first = new byte[MESSAGE_BYTES];
        serve((connection, number, message) -> {
            if (number == 0) {
                System.arraycopy(message, 0, first, 0, first.length);
            }
            return number == 10 ? first : message;
        });
        assertThat(run("connections=1", "window=0.3").wrong()).isEqualTo(1);
    }

    @Test
    void aBrokenConnectionIsFound() throws IOException {
        serve((connection, number, message) -> {
            if (connection == 1 && number == 50) {
                throw new IOException("as the test wants it");
            }
            return message;
        });
        LoadReport report = run("connections=3", "window=0.5");
        assertThat(report.failed()).isEqualTo(1);
        assertThat(report.failure()).contains("connection 1");
    }

    @Test
    void aStarvedConnectionShowsInTheFairnessFigure() throws IOException {
        serve((connection, number, message) -> {
            if (connection == 2) {
                Commands.sleep(100);
            }
            return message;
        });
        LoadReport report = run("connections=4", "window=1", "warmup=0.3");
        assertThat(report.least()).isBetween(1L, 10L);
        assertThat(report.most()).isGreaterThan(3 * report.least());
    }

    @Test
    void theServersCountOfABulkTransferIsCompared() throws IOException {
        Thread.ofVirtual().start(() -> {
            try (Socket socket = listener.accept()) {
                socket.getInputStream().readAllBytes();
                socket.getOutputStream().write(new byte[] {0, 0, 0, 0, 0, 0, 0, 1});
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        LoadReport report = run("mode=up", "connections=1", "warmup=0", "window=0.1");
        assertThat(report.wrong()).isEqualTo(1);
        assertThat(report.failure()).contains("the server counted 1");
    }

    private interface Answer {
        byte[] to(int connection, int number, byte[] message) throws IOException;
    }

    private void serve(Answer answer) {
        Thread.ofVirtual().start(() -> {
            while (true) {
                try {
                    Socket socket = listener.accept();
                    int connection = accepted.getAndIncrement();
                    Thread.ofVirtual().start(() -> echo(socket, connection, answer));
                } catch (IOException closed) {
                    return;
                }
            }
        });
    }

    private static void echo(Socket socket, int connection, Answer answer) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            byte[] message = new byte[MESSAGE_BYTES];
            for (int number = 0; in.readNBytes(message, 0, message.length) == message.length; number++) {
                out.write(answer.to(connection, number, message));
            }
        } catch (IOException gone) {
            // The load has ended, or the test wants the connection to break.
        }
    }

    private LoadReport run(String... options) throws IOException {
        List<String> all = new ArrayList<>(List.of("address=127.0.0.1:" + listener.getLocalPort(), "warmup=0.1"));
        all.addAll(List.of(options));
        try (Load load = Load.start(COMPILED.load(), List.of(), 5, all)) {
            return load.report();
        }
    }

    private static double millis(Histogram nanos, double percentile) {
        return nanos.getValueAtPercentile(percentile) / 1e6;
    }
}
