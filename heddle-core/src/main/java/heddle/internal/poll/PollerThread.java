package heddle.internal.poll;

import heddle.internal.sched.IdlePoll;

/** A platform thread that does nothing but poll. */
public final class PollerThread extends Thread implements PollLoop {

    private final Poller poller;
    private volatile boolean stopped;

    /** A thread for {@code poller}. */
    public PollerThread(Poller poller) {
        super("heddle-poller");
        setDaemon(true);
        this.poller = poller;
    }

    @Override
    public void run() {
        while (!stopped) {
            poller.poll(IdlePoll.FOREVER);
        }
    }

    @Override
    public void end() throws InterruptedException {
        stopped = true;
        poller.wakeUp();
        join();
    }
}
