package heddle.lab;

import heddle.net.Conn;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.Net;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/** Plays a situation in this process, on a virtual thread of Heddle's. */
final class Player {

    /** For all of a situation, and for what takes minutes. */
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private static final Duration SLOW_LIMIT = Duration.ofMinutes(5);

    private Player() {}

    /** A trace, and why the play broke off, or "". */
    record Played(Trace trace, String failure) {}

    static Played play(Situation situation, Settings settings, Progress progress) throws InterruptedException {
        var failure = new AtomicReference<>("");
        Trace trace = new Trace();
        warmUp();
        Thread thread = Heddle.shared()
                .ofVirtual()
                .name("heddle-lab " + situation.id())
                .start(() -> {
                    try (Stage stage = new Stage(settings, progress, trace)) {
                        situation.play().run(stage);
                    } catch (Exception e) {
                        failure.set(String.valueOf(e.getMessage()));
                    }
                });
        if (!thread.join(settings.slow() ? SLOW_LIMIT : LIMIT)) {
            failure.set("it did not end in time. " + Heddle.shared().dump());
            thread.interrupt();
            thread.join(LIMIT);
        }
        return new Played(trace, failure.get());
    }

    /** Has the JVM load what it loads at the first connection, which would be the first play's time. */
    private static void warmUp() {
        try (Listener listener = Net.listen("tcp", "127.0.0.1:0");
                Conn dialed = Net.dial("tcp", listener.address().toString());
                Conn accepted = listener.accept()) {
            dialed.write(new byte[1]);
            accepted.read(new byte[1]);
        } catch (IOException noNetwork) {
            // The play meets it too, and tells.
        }
    }
}
