package heddle.internal.poll;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Requests for a polling thread: a lock-free stack onto which any thread pushes, and which is emptied as a whole,
 * oldest first. Bounded by one request a direction of a descriptor.
 *
 * <p>Ordering: who asks stores what it asks for, then claims the request; who empties clears that claim, then looks
 * what is asked for. So what is asked of a request that is queued already is seen by whoever takes it out.
 */
public final class Intake<R extends Request> {

    private static final VarHandle TOP;

    static {
        try {
            TOP = MethodHandles.lookup().findVarHandle(Intake.class, "top", Request.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile @Nullable Request top;

    /** Adds {@code request} unless it is in here already. Any thread. */
    public void push(R request) {
        add(request);
    }

    private void add(Request request) {
        if (!request.claimForIntake()) {
            return;
        }
        Request seen;
        do {
            seen = top;
            request.next = seen;
        } while (!TOP.compareAndSet(this, seen, request));
    }

    /** Whether there is nothing in it. */
    public boolean isEmpty() {
        return top == null;
    }

    /**
     * Takes all out and shows them to {@code taker}, oldest first. What it throws at, and what is behind, stays in
     * here. Any thread.
     */
    @SuppressWarnings("unchecked") // Nothing else is pushed.
    public void empty(Consumer<? super R> taker) {
        var seen = (Request) TOP.getAndSet(this, null);
        Request oldest = null;
        while (seen != null) {
            Request next = seen.next;
            seen.next = oldest;
            oldest = seen;
            seen = next;
        }
        Request behind = null;
        try {
            while (oldest != null) {
                behind = oldest.next;
                oldest.next = null;
                oldest.takenFromIntake();
                taker.accept((R) oldest);
                oldest = behind;
            }
        } finally {
            if (oldest != null) {
                add(oldest);
                pushBack(behind);
            }
        }
    }

    /** {@code oldest} and those behind it, which are claimed still. */
    private void pushBack(@Nullable Request oldest) {
        Request left = oldest;
        while (left != null) {
            Request behind = left.next; // Before it is in here, where it is another's.
            left.takenFromIntake();
            add(left);
            left = behind;
        }
    }
}
