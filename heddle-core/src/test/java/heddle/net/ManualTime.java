package heddle.net;

import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.time.ManualClock;
import java.io.IOException;
import java.time.Duration;

/** A runtime of the way under test whose clock stands still until {@link #passes}: for deadlines that must not come. */
final class ManualTime implements AutoCloseable {

    private static final Duration LONG = Duration.ofHours(1);

    private final ManualClock clock = new ManualClock();
    private final Heddle heddle;

    ManualTime() throws IOException {
        // One poller, so that it has seen to all earlier deadlines once a later one has come.
        heddle = Heddle.builder()
                .way(Runtimes.current().way())
                .parallelism(1)
                .clock(clock)
                .start();
    }

    /** A pair of it. */
    ConnPair tcp() throws Exception {
        return ConnPair.tcp(heddle.listenConfig(), heddle.dialer(), "127.0.0.1:0");
    }

    /** Lets an hour pass, and returns once whatever was to come within it has come. */
    void passes() throws Exception {
        try (ConnPair pair = tcp()) {
            pair.left().setReadDeadline(Deadline.after(LONG, clock));
            Task<Integer> last = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            clock.advance(LONG);
            last.failure(DeadlineExceededException.class);
        }
    }

    @Override
    public void close() {
        heddle.close();
    }
}
