package heddle.net;

import heddle.internal.Life;
import heddle.internal.fd.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Looks names up by a function that blocks, the system's resolver: on platform threads of its own, never on a carrier.
 * Any thread.
 *
 * <p>1. Callers that ask for the same name at the same time share one lookup, whatever their network. 2. One that gives
 * up leaves it to the others; it ends when the function returns, and a caller that comes later begins a new one. 3. At
 * most {@link #THREADS_MAX} lookups run; those that queue are bounded by the names that are asked for at a time.
 */
final class Resolver {

    /** What is asked; answers an array with at least one address. */
    @FunctionalInterface
    interface Lookup {
        InetAddress[] addresses(String host) throws UnknownHostException;
    }

    /** Lookups at a time; further ones queue. The C library's resolver takes a descriptor for each. */
    static final int THREADS_MAX = 16;

    private final Lookup lookup;
    private final Executor executor;
    private final Life life;

    /** Ends the threads of the executor once they have nothing to look up. */
    private final Runnable end;

    /** By host. Not a ConcurrentHashMap, which locks its bins by monitors (JDK-8373120). */
    private final ConcurrentSkipListMap<String, CompletableFuture<InetAddress[]>> underWay =
            new ConcurrentSkipListMap<>();

    /** Asks the C library, and what the JDK caches of it. */
    Resolver(Life life) {
        this(InetAddress::getAllByName, life);
    }

    /** Asks {@code lookup}, on threads that end when they have had nothing to do for a while. */
    Resolver(Lookup lookup, Life life) {
        var pool = new ThreadPoolExecutor(
                THREADS_MAX,
                THREADS_MAX,
                5,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform()
                        .daemon()
                        .inheritInheritableThreadLocals(false)
                        .name("heddle-resolver-", 1)
                        .factory());
        pool.allowCoreThreadTimeOut(true);
        this(lookup, pool, life, pool::shutdown);
    }

    /** Looks up by tasks of {@code executor}, for a test. */
    Resolver(Lookup lookup, Executor executor, Life life) {
        this(lookup, executor, life, () -> {});
    }

    private Resolver(Lookup lookup, Executor executor, Life life, Runnable end) {
        this.lookup = lookup;
        this.executor = executor;
        this.life = life;
        this.end = end;
    }

    /** Ends its threads, as far as no lookup holds one. For who looks up nothing any more. */
    void close() {
        end.run();
    }

    /**
     * The addresses of {@code host}, which is no literal.
     *
     * @throws HostNotFoundException there is none
     * @throws DeadlineExceededException it takes longer than {@code deadline}
     * @throws ConnClosedException the runtime is closed
     * @throws CallInterruptedException the calling thread was interrupted
     */
    InetAddress[] lookup(String op, String network, String host, Deadline deadline) throws IOException {
        if (host.indexOf('\0') >= 0) {
            // The C library would look up what stands before it.
            throw Failures.hostNotFound(op, network, host, null);
        }
        if (deadline.hasPassed()) {
            throw Failures.lookup(op, network, host, Result.EXPIRED);
        }
        CompletableFuture<InetAddress[]> shared = join(op, network, host);
        life.beginWait("lookup wait", host);
        try {
            return await(shared, deadline);
        } catch (TimeoutException late) {
            throw Failures.lookup(op, network, host, Result.EXPIRED);
        } catch (InterruptedException interrupted) {
            throw Failures.lookup(op, network, host, Result.INTERRUPTED);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof ConnClosedException) {
                throw Failures.runtimeClosed(op, network);
            }
            throw Failures.hostNotFound(op, network, host, failed.getCause());
        } finally {
            life.endWait();
        }
    }

    private static InetAddress[] await(CompletableFuture<InetAddress[]> answer, Deadline deadline)
            throws InterruptedException, ExecutionException, TimeoutException {
        if (!deadline.isNone() && !answer.isDone()) {
            Thread me = Thread.currentThread();
            var _ = answer.whenComplete((_, _) -> LockSupport.unpark(me));
            while (!answer.isDone()) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (deadline.hasPassed()) {
                    throw new TimeoutException();
                }
                deadline.park(answer);
            }
        }
        return answer.get();
    }

    /** The lookup that is under way, or a new one. */
    private CompletableFuture<InetAddress[]> join(String op, String network, String host) throws ConnClosedException {
        var fresh = new CompletableFuture<InetAddress[]>();
        CompletableFuture<InetAddress[]> running = underWay.putIfAbsent(host, fresh);
        if (running != null) {
            return running;
        }
        try {
            executor.execute(() -> run(host, fresh));
        } catch (RejectedExecutionException closed) {
            var why = Failures.runtimeClosed(op, network);
            fail(host, fresh, why);
            throw why;
        } catch (Throwable noThread) { // An OutOfMemoryError, by which the JVM says that too.
            fail(host, fresh, noThread);
            throw noThread;
        }
        return fresh;
    }

    private void run(String host, CompletableFuture<InetAddress[]> answer) {
        try {
            InetAddress[] addresses = lookup.addresses(host);
            underWay.remove(host, answer);
            answer.complete(addresses);
        } catch (Throwable failed) {
            fail(host, answer, failed);
        }
    }

    /** Tells those who wait. */
    private void fail(String host, CompletableFuture<InetAddress[]> answer, Throwable failure) {
        underWay.remove(host, answer);
        answer.completeExceptionally(failure);
    }
}
