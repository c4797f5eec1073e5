package heddle.internal.sched;

import org.jspecify.annotations.Nullable;

/**
 * A platform thread of Heddle's own: a daemon that takes nothing from whoever happens to start it, neither the thread
 * group, with which it would end, nor the class loader and the inheritable thread locals, which it would keep for the
 * life of the JVM.
 */
public class OwnThread extends Thread {

    private static final ThreadGroup TOP = topGroup();

    /** Stack of such a thread; carriers run continuations on it in place, which come as deep as their code goes. */
    private static final long STACK_BYTES = 0; // the JVM's default, -Xss

    /** One that runs its own {@link #run}. */
    protected OwnThread(String name) {
        this(name, null);
    }

    /** One that runs {@code task}. */
    public OwnThread(String name, @Nullable Runnable task) {
        super(TOP, task, name, STACK_BYTES, false);
        setDaemon(true);
    }

    private static ThreadGroup topGroup() {
        ThreadGroup top = Thread.currentThread().getThreadGroup();
        while (top.getParent() != null) {
            top = top.getParent();
        }
        return top;
    }
}
