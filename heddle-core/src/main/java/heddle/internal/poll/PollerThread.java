package heddle.internal.poll;

import heddle.internal.sched.IdlePoll;

import java.util.function.BiConsumer;

/** A platform thread that does nothing but poll: for the ways of running in which carriers do not do it themselves. */
public final class PollerThread extends Thread {

    private final Poller poller;
    private final BiConsumer<String, Throwable> onFailure;
    private volatile boolean stopped;

    /** A thread for {@code poller}; tells {@code onFailure} what killed it. */
    public PollerThread(Poller poller, BiConsumer<String, Throwable> onFailure) {
        super("heddle-poller");
        setDaemon(true);
        this.poller = poller;
        this.onFailure = onFailure;
    }

    @Override
    public void run() {
        try {
            while (!stopped) {
                poller.poll(IdlePoll.FOREVER);
            }
        } catch (Throwable cause) {
            onFailure.accept(getName() + " died", cause);
        }
    }

    /** Ends the thread and waits for it. */
    public void end() throws InterruptedException {
        stopped = true;
        poller.wakeUp();
        join();
    }
}
