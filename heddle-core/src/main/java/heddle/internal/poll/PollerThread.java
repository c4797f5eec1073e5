package heddle.internal.poll;

import heddle.internal.sched.IdlePoll;
import heddle.internal.sched.OwnThread;

/** A platform thread that does nothing but poll. */
public final class PollerThread extends OwnThread implements PollLoop {

    private final Poller poller;
    private volatile boolean stopped;

    /** A thread for {@code poller}. */
    public PollerThread(Poller poller) {
        super("heddle-poller");
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
