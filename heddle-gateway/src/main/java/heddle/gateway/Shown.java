package heddle.gateway;

import heddle.net.Heddle;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Shows a gateway to management tools while it serves, where this JVM has java.management. A while after its start, as
 * the JDK's server of beans costs 200 ms of computing, which a gateway shall not pay before it serves. Any thread.
 */
final class Shown {

    private static final long DELAY_NANOS = Duration.ofSeconds(1).toNanos();

    private final Heddle heddle;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** Takes the bean away; null while there is none. Guarded by lock. */
    private @Nullable Runnable away;

    /** Guarded by lock. */
    private boolean ended;

    /** Not shown yet; {@code heddle} carries the thread that does it. */
    Shown(Heddle heddle) {
        this.heddle = heddle;
    }

    /** Shows {@code counters} as those of the gateway at {@code address}, soon. */
    void begin(String address, Counters counters) {
        if (ModuleLayer.boot().findModule("java.management").isPresent()) {
            heddle.ofVirtual().name("heddle-gateway-bean").start(() -> show(address, counters));
        }
    }

    private void show(String address, Counters counters) {
        lock.lock();
        try {
            long left = DELAY_NANOS;
            while (!ended && left > 0) {
                left = changed.awaitNanos(left);
            }
            if (!ended) {
                away = GatewayBean.register(address, counters);
            }
        } catch (InterruptedException e) {
            // Nobody has this thread but a tool that ends all.
        } finally {
            lock.unlock();
        }
    }

    /** Shows it no more. A second time does nothing. */
    void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
            if (away != null) {
                away.run();
                away = null;
            }
        } finally {
            lock.unlock();
        }
    }
}
