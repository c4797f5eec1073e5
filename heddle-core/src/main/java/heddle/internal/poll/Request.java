package heddle.internal.poll;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** What any thread asks of the polling thread; in one {@link Intake} at most once at a time. */
public abstract class Request {

    private static final VarHandle QUEUED;

    static {
        try {
            QUEUED = MethodHandles.lookup().findVarHandle(Request.class, "queued", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Whether it is in the intake. Set by any thread, cleared by who takes it out, before that looks what is asked. */
    private volatile boolean queued;

    /** Next in the intake; written before it is pushed, and by who takes it out. */
    @Nullable
    Request next;

    final boolean claimForIntake() {
        return !queued && QUEUED.compareAndSet(this, false, true);
    }

    final void takenFromIntake() {
        queued = false;
    }
}
