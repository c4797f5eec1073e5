package heddle.stress;

/**
 * Widens the gap between two steps of a twin that ought to be one, so that it shows soon what it is there to show: some
 * tens of nanoseconds, as an interrupt or a missed cache line would. Of no use to the twins without a fence, whose gap
 * is in the processor.
 */
public final class Gap {

    private static final int TURNS = 20;

    private Gap() {}

    /** Takes that time. */
    public static void widen() {
        for (int i = 0; i < TURNS; i++) {
            Thread.onSpinWait();
        }
    }
}
