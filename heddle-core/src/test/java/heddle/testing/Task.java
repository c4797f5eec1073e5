package heddle.testing;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A thread of a test with its outcome. */
public final class Task<T> {

    private final FutureTask<T> body;
    private final Thread thread;

    private Task(Thread.Builder builder, Callable<T> body) {
        this.body = new FutureTask<>(body);
        this.thread = builder.start(this.body);
    }

    /** What a task does if it has no result. */
    @FunctionalInterface
    public interface Action {
        void run() throws Exception;
    }

    /** Starts {@code body} on a virtual thread of the runtime under test. */
    public static <T> Task<T> start(Callable<T> body) {
        return on(Runtimes.current().ofVirtual(), body);
    }

    /** Starts {@code body} on a virtual thread of the runtime under test. */
    public static Task<Void> run(Action body) {
        return run(Runtimes.current().ofVirtual(), body);
    }

    /** Starts {@code body} on a thread of {@code builder}. */
    public static Task<Void> run(Thread.Builder builder, Action body) {
        return on(builder, () -> {
            body.run();
            return null;
        });
    }

    /** Starts {@code body} on a thread of {@code builder}. */
    public static <T> Task<T> on(Thread.Builder builder, Callable<T> body) {
        return new Task<>(builder, body);
    }

    /** The thread. */
    public Thread thread() {
        return thread;
    }

    /** Whether it has ended, one way or another. */
    public boolean isDone() {
        return body.isDone();
    }

    /** Waits for the end: the result, or what the body threw. */
    public T result() throws Exception {
        try {
            return body.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw (Exception) e.getCause();
        }
    }

    /** Waits for the end, which must be a failure of {@code type}. */
    public <E extends Exception> E failure(Class<E> type) throws InterruptedException {
        try {
            T result = body.get();
            throw new AssertionError("got the result " + result + ", want a " + type.getName());
        } catch (ExecutionException e) {
            if (type.isInstance(e.getCause())) {
                return type.cast(e.getCause());
            }
            throw new AssertionError("got the failure below, want a " + type.getName(), e.getCause());
        }
    }
}
