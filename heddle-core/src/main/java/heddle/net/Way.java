package heddle.net;

import heddle.internal.Platform;

/**
 * A way for a runtime to run: who polls the network, and who carries the virtual threads. Best first, but for the last.
 */
public enum Way {
    /**
     * epoll, polled by carriers of Heddle's own when they run out of work. Needs Linux, {@code --enable-native-access}
     * and {@code --add-opens java.base/java.lang}.
     */
    CARRIERS(Platform.Way.CARRIERS),

    /** epoll, polled by virtual threads on the JDK's scheduler. Needs Linux and {@code --enable-native-access}. */
    JDK(Platform.Way.JDK),

    /** The JDK's Selector, polled by virtual threads on the JDK's scheduler. Needs nothing. */
    NIO(Platform.Way.NIO),

    /**
     * As {@link #CARRIERS}, with io_uring. It receives for a connection of TCP once a read had to wait, until most
     * reads bring more than 2 KiB; meanwhile it also sends what is written to that from arrays, 2 KiB at most at a
     * time, while other threads wait for their turn. Only where it is asked for: by {@code -Dheddle.way=uring} or
     * {@link Heddle.Builder#way}. Needs what way carriers needs, and Linux 6.0; where the system has no ring to give, a
     * runtime runs in way carriers, and {@link Heddle#describe} says why.
     */
    URING(Platform.Way.URING);

    final Platform.Way internal;

    Way(Platform.Way internal) {
        this.internal = internal;
    }

    static Way of(Platform.Way internal) {
        return switch (internal) {
            case CARRIERS -> CARRIERS;
            case JDK -> JDK;
            case NIO -> NIO;
            case URING -> URING;
        };
    }
}
