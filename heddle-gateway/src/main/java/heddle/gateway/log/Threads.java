package heddle.gateway.log;

/** Waiting for the end of a thread, where what it still does comes before an interrupt. No state. */
public final class Threads {

    private Threads() {}

    /** Waits until {@code thread} has ended. An interrupt meanwhile is kept for the caller. */
    public static void awaitEnd(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
