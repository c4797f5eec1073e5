package heddle.kafka;

import heddle.time.Clock;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** How much may be on its way: a bound in messages and bytes. Any thread. */
final class Room {

    private final Clock clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition more = lock.newCondition();

    // Both guarded by lock.
    private int messagesLeft;
    private long bytesLeft;

    Room(int messages, long bytes, Clock clock) {
        this.messagesLeft = messages;
        this.bytesLeft = bytes;
        this.clock = clock;
    }

    /** Takes room for one message, once there is some. False if there was none in time. */
    boolean take(long bytes, long untilNanos) throws InterruptedException {
        boolean inTime = true;
        lock.lock();
        try {
            while (messagesLeft == 0 || bytesLeft < bytes) {
                if (!inTime) {
                    return false;
                }
                inTime = clock.awaitUntil(lock, more, untilNanos);
            }
            messagesLeft--;
            bytesLeft -= bytes;
            return true;
        } finally {
            lock.unlock();
        }
    }

    void give(long bytes) {
        lock.lock();
        try {
            messagesLeft++;
            bytesLeft += bytes;
            // Not one: who waits for much may not fit yet, and who waits for little does.
            more.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
