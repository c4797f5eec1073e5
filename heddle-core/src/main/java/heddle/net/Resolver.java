package heddle.net;

import heddle.internal.fd.Result;
import heddle.internal.trace.Waits;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Looks names up by the system's resolver, which blocks: on platform threads of its own, never on a carrier. Callers that ask for the
 * same name at the same time share one lookup, and one that gives up leaves it to the others.
 */
final class Resolver {

    /** Lookups at a time; further ones queue. The C library's resolver takes a descriptor for each. */
    private static final int THREADS_MAX = 16;

    private static final ThreadPoolExecutor POOL =
            new ThreadPoolExecutor(
                    THREADS_MAX,
                    THREADS_MAX,
                    5,
                    TimeUnit.SECONDS,
                    new LinkedBlockingQueue<>(),
                    Thread.ofPlatform().daemon().name("heddle-resolver-", 1).factory());

    static {
        POOL.allowCoreThreadTimeOut(true);
    }

    private static final ConcurrentHashMap<String, CompletableFuture<InetAddress[]>> UNDER_WAY =
            new ConcurrentHashMap<>();

    private Resolver() {}

    static InetAddress[] lookup(String op, String network, String host, Deadline deadline)
            throws IOException {
        CompletableFuture<InetAddress[]> lookup = UNDER_WAY.computeIfAbsent(host, Resolver::start);
        Waits.begin("lookup wait", host);
        try {
            return deadline.equals(Deadline.NONE)
                    ? lookup.get()
                    : lookup.get(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            throw Failures.of(op, network, null, null, "lookup " + host, Result.EXPIRED, 0);
        } catch (InterruptedException interrupted) {
            throw Failures.of(op, network, null, null, "lookup " + host, Result.INTERRUPTED, 0);
        } catch (ExecutionException failed) {
            HostNotFoundException notFound = Failures.hostNotFound(op, network, host);
            notFound.initCause(failed.getCause());
            throw notFound;
        } finally {
            Waits.end();
        }
    }

    private static CompletableFuture<InetAddress[]> start(String host) {
        var lookup = new CompletableFuture<InetAddress[]>();
        POOL.execute(() -> {
            try {
                lookup.complete(InetAddress.getAllByName(host));
            } catch (UnknownHostException | RuntimeException failed) {
                lookup.completeExceptionally(failed);
            } finally {
                UNDER_WAY.remove(host, lookup);
            }
        });
        return lookup;
    }
}
