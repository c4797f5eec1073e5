package heddle.lab;

import heddle.net.Heddle;

/** Which way Heddle runs in this process, as it says itself. */
enum Way {
    CARRIERS,
    JDK,
    NIO;

    static Way current() {
        return valueOf(Heddle.shared().way().name());
    }

    boolean usesEpoll() {
        return this != NIO;
    }

    /** Whether a task that computes loses its processor to others. */
    boolean handsOff() {
        return this == CARRIERS;
    }
}
