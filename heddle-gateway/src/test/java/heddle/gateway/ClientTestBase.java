package heddle.gateway;

import static heddle.gateway.RawClient.utf8;

import heddle.net.Heddle;
import heddle.time.ManualClock;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;

/** What the tests of a {@link Client} begin with. */
abstract class ClientTestBase {

    /** What a {@link RunningGateway} stores in. */
    final ManualSink sink = new ManualSink();

    final Told told = new Told();

    /** That of {@link #heddle}. */
    final ManualClock clock = new ManualClock();

    @AfterEach
    void endSink() {
        sink.end();
    }

    /** For a {@link FakeServer}, which does not close by itself. */
    static ClientOptions options() {
        return new ClientOptions().closeTimeout(Duration.ofMillis(100));
    }

    static long submit(Client client, String message) throws IOException, InterruptedException {
        byte[] bytes = utf8(message);
        return client.submit(bytes, 0, bytes.length);
    }

    /** A runtime whose time the test moves. */
    final Heddle heddle() throws IOException {
        return Heddle.builder().clock(clock).start();
    }
}
