package heddle.gateway;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The servers that a {@link Client} may use: in which order it tries them, and how long it pauses after it has tried
 * them all in vain. Guarded by the client's lock.
 *
 * <p>Both by chance, so that the clients of a server that dies come to the others and back again neither all at one
 * server nor all at one time. A pause is any length up to a bound that doubles from round to round ("full jitter"):
 * where many wait for one server, that spreads them more evenly than a pause of a fixed length and some jitter.
 */
final class Servers {

    static final long PAUSE_NANOS_MIN = Duration.ofMillis(20).toNanos();
    static final long PAUSE_NANOS_MAX = Duration.ofSeconds(2).toNanos();

    private final List<String> addresses;
    private final RandomGenerator random;

    /** What the next pause is shorter than. */
    private long pauseNanosBound = PAUSE_NANOS_MIN;

    /** Those at {@code addresses}, each host:port. */
    Servers(List<String> addresses, RandomGenerator random) {
        this.addresses = List.copyOf(addresses);
        this.random = random;
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("a client needs a server");
        }
    }

    int count() {
        return addresses.size();
    }

    /** All of them, in turn, beginning at any one. */
    List<String> round() {
        var round = new ArrayList<>(addresses);
        Collections.rotate(round, random.nextInt(addresses.size()));
        return round;
    }

    /** The next pause is the first. */
    void beginAnew() {
        pauseNanosBound = PAUSE_NANOS_MIN;
    }

    /** How long to pause until the next round. */
    long pauseNanos() {
        long pause = 1 + random.nextLong(pauseNanosBound);
        pauseNanosBound = Math.min(2 * pauseNanosBound, PAUSE_NANOS_MAX);
        return pause;
    }

    @Override
    public String toString() {
        return String.join(",", addresses);
    }
}
