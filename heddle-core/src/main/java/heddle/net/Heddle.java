package heddle.net;

import heddle.internal.Platform;

/**
 * The runtime that the connections of this process share: started by the first use, ended with the JVM. Where the system is short of
 * descriptors or memory just then, dialing and listening fail as they do at any other time, retryable ({@link NetError#isRetryable}),
 * and the methods here throw an {@link IllegalStateException}; the next use tries again.
 */
public final class Heddle {

    private Heddle() {}

    /**
     * Virtual threads for blocking code: like {@link Thread#ofVirtual}, on carriers that poll the network by themselves; on the JDK's
     * carriers where Heddle has none of its own (see {@link #mode}). Connections work from any other thread as well.
     *
     * @return a new builder
     */
    public static Thread.Builder.OfVirtual ofVirtual() {
        return Platform.current().ofVirtual();
    }

    /**
     * Which way Heddle runs in this JVM, and which flags would change it.
     *
     * @return one line
     */
    public static String mode() {
        return Platform.current().report();
    }

    /**
     * What every thread does, as a text for people: the way Heddle runs, its processors and carriers, then each thread that waits in one
     * of its calls, with the reason, the connection, for how long and until when at most, such as
     *
     * <pre>#123 "session" IO wait, read tcp 127.0.0.1:7000-&gt;127.0.0.1:51544, 4 min 10 s, deadline in 50.0 s</pre>
     *
     * by reason, longest first; at most 1,000 of each reason, the rest counted. Other virtual threads follow with their state and the
     * frame that tells most, where Java runs with {@code --add-opens java.base/java.lang}; the text says so if they are left out.
     * Durations are right to some milliseconds, which the text names.
     *
     * <p>Takes milliseconds, more with thousands of threads, and disturbs them as a thread dump does. From any thread; waits for nobody.
     *
     * @return the text, several lines
     */
    public static String dump() {
        return Platform.current().dump();
    }
}
