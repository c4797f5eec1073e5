package heddle.net;

import heddle.internal.Platform;

/** The runtime that the connections of this process share: started by the first use, ended with the JVM. */
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
     * Which way Heddle runs in this JVM, and which flag would change it.
     *
     * @return one line
     */
    public static String mode() {
        return Platform.current().report();
    }
}
