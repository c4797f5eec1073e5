package heddle.testing;

import heddle.net.Dialer;
import heddle.net.Heddle;
import heddle.net.ListenConfig;
import heddle.net.Listener;
import heddle.net.Pipe;
import heddle.net.SocketConn;
import heddle.net.Way;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The runtime under test: for a class marked {@link Ways} that of the way it runs in just now, for any other the shared
 * one. What {@code Net} does by the shared one, the methods here do by that.
 *
 * <p>Each way's runtime starts with the first class that needs it and stays for the life of the JVM, as a user's does.
 * Test classes run one after the other, so one variable tells all threads of a test where they are.
 */
public final class Runtimes {

    /** Of the engine's thread. */
    private static final Map<Way, Heddle> STARTED = new EnumMap<>(Way.class);

    /** Null for the shared one. Written by the engine's thread between classes, read by any. */
    private static volatile @Nullable Heddle current;

    private Runtimes() {}

    /** The runtime. */
    public static Heddle current() {
        Heddle entered = current;
        return entered != null ? entered : Heddle.shared();
    }

    /** The way that -Dheddle.way shall give a JVM that stands in for this one: null for what that JVM finds best. */
    static @Nullable Way chosen() {
        Heddle entered = current;
        return entered != null ? entered.way() : null;
    }

    /** The tests that follow are about {@code way}. */
    static void enter(Way way) throws IOException, InterruptedException {
        Heddle heddle = STARTED.get(way);
        if (heddle == null) {
            heddle = Heddle.builder().way(way).start();
            STARTED.put(way, heddle);
            // Whatever it opens with its first thread is its own, no test's.
            heddle.ofVirtual().start(() -> {}).join();
        }
        current = heddle;
    }

    /** The tests that follow are about no way of their own. */
    static void leave() {
        current = null;
    }

    /** As {@link heddle.net.Net#listen}. */
    public static Listener listen(String network, String address) throws IOException {
        return listenConfig().listen(network, address);
    }

    /** As {@link heddle.net.Net#dial(String, String)}. */
    public static SocketConn dial(String network, String address) throws IOException {
        return dialer().dial(network, address);
    }

    /** As {@link heddle.net.Net#dial(String, String, Duration)}. */
    public static SocketConn dial(String network, String address, Duration timeout) throws IOException {
        return dialer().timeout(timeout).dial(network, address);
    }

    /** As {@link heddle.net.Net#pipe}. */
    public static Pipe pipe() {
        return current().pipe();
    }

    /** With the defaults. */
    public static Dialer dialer() {
        return current().dialer();
    }

    /** With the defaults. */
    public static ListenConfig listenConfig() {
        return current().listenConfig();
    }
}
