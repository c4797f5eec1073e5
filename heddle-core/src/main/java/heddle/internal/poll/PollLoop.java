package heddle.internal.poll;

/** Threads that poll, for the ways of running in which carriers do not do it themselves. */
public interface PollLoop {

    /** Starts them. */
    void start();

    /** Ends them and waits for them. */
    void end() throws InterruptedException;
}
