package heddle.lab;

import heddle.net.Conn;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.NetError;
import heddle.net.TcpConn;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Where a play happens: it gives out the sides, writes their calls down, watches what the kernel holds of the
 * connections, and closes what the play left open. The play may use it from all its threads.
 */
final class Stage implements AutoCloseable {

    /** Longer than anything a play waits for on a busy machine. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** The two directions of the first connection. */
    static final String TO_SERVER = "client to server";

    static final String TO_CLIENT = "server to client";

    /** Longer than an acknowledgement may be delayed: TCP_DELACK_MAX is 200 ms. */
    private static final long QUIET_NANOS = Duration.ofMillis(300).toNanos();

    final Settings settings;
    private final Trace trace;
    private final Progress progress;
    private final long zeroNanos = System.nanoTime();
    private final Sampler sampler;
    private final Map<Thread, Open> open = new ConcurrentHashMap<>();
    private final Queue<Closeable> leftOpen = new ConcurrentLinkedQueue<>();
    private final Queue<Actor<?>> actors = new ConcurrentLinkedQueue<>();

    Stage(Settings settings, Progress progress, Trace trace) {
        this.settings = settings;
        this.progress = progress;
        this.trace = trace;
        this.sampler = new Sampler(trace, zeroNanos);
    }

    long nanos() {
        return System.nanoTime() - zeroNanos;
    }

    Side side(String name) {
        return new Side(this, name);
    }

    void fact(String name, long value) {
        trace.fact(name, value);
    }

    void tell(String line) {
        progress.told(nanos(), line);
    }

    /** A server and a client, connected by the two. */
    record Pair(End server, End client, Listener listener) {}

    Pair connect() throws IOException {
        Side server = side("server");
        Side client = side("client");
        Listener listener = server.listen("127.0.0.1:0");
        TcpConn dialed = client.dial(listener.address().toString());
        TcpConn accepted = server.accept(listener);
        return new Pair(new End(this, "server", accepted), new End(this, "client", dialed), listener);
    }

    void watch(TcpConn dialed) {
        sampler.watch(new KernelQueues.Flow(TO_SERVER, dialed.localAddress(), dialed.remoteAddress()));
        sampler.watch(new KernelQueues.Flow(TO_CLIENT, dialed.remoteAddress(), dialed.localAddress()));
    }

    <T extends Closeable> T keep(T resource) {
        leftOpen.add(resource);
        return resource;
    }

    // --- Calls.

    /** What a call gives back. */
    record Done(long n, String text) {
        static final Done QUIETLY = new Done(Call.NOTHING, "");
    }

    @FunctionalInterface
    interface Body {
        Done run() throws IOException;
    }

    /** A call under way. */
    private static final class Open {
        final String side;
        final String name;
        final long beginNanos;

        /** 0 until seen; written by whoever sees it, read when the call ends. */
        volatile long parkedNanos;

        Open(String side, String name, long beginNanos) {
            this.side = side;
            this.name = name;
            this.beginNanos = beginNanos;
        }
    }

    /** Makes a call and writes it down, however it ends. */
    Call call(String side, String name, Body body) {
        Open call = new Open(side, name, nanos());
        open.put(Thread.currentThread(), call);
        Call ended;
        try {
            Done done = body.run();
            ended = ended(call, done.n, done.text, "", false);
        } catch (IOException e) {
            ended = failed(call, e);
        } finally {
            open.remove(Thread.currentThread());
        }
        trace.add(ended);
        progress.ended(ended);
        return ended;
    }

    private Call failed(Open call, IOException failure) {
        String error = String.valueOf(failure.getMessage());
        if (failure instanceof NetError known) {
            long n = known.op().equals("write") ? known.bytesTransferred() : Call.NOTHING;
            return ended(call, n, "", error, known.timeout());
        }
        return ended(call, Call.NOTHING, "", error, false);
    }

    private Call ended(Open call, long n, String text, String error, boolean timeout) {
        return new Call(call.side, call.name, call.beginNanos, nanos(), call.parkedNanos, n, text, error, timeout);
    }

    // --- Threads.

    /** A virtual thread of the play. */
    final class Actor<T> {
        private final Thread thread;
        private volatile @Nullable T result;
        private volatile @Nullable Throwable failure;

        private Actor(Callable<T> body) {
            thread = Heddle.shared().ofVirtual().name("heddle-lab").start(() -> {
                try {
                    result = body.call();
                } catch (Throwable e) {
                    failure = e;
                }
            });
        }

        /** Returns once it is seen waiting in a call. */
        void awaitParked() throws InterruptedException {
            until("a call waits", () -> {
                if (!thread.isAlive()) {
                    throw new IllegalStateException("it ended instead of waiting", failure);
                }
                return isParked();
            });
        }

        private boolean isParked() {
            Open call = open.get(thread);
            Thread.State state = thread.getState();
            if (call == null || (state != Thread.State.WAITING && state != Thread.State.TIMED_WAITING)) {
                return false;
            }
            if (call.parkedNanos == 0) {
                call.parkedNanos = nanos();
                progress.parked(call.side, call.name, call.parkedNanos);
            }
            return true;
        }

        boolean hasEnded() {
            return !thread.isAlive();
        }

        T join() throws Exception {
            if (!thread.join(PATIENCE)) {
                throw new IllegalStateException("a thread of the play does not end");
            }
            switch (failure) {
                case null -> {}
                case Exception e -> throw e;
                case Throwable e -> throw new IllegalStateException(e);
            }
            T value = result;
            if (value == null) {
                throw new IllegalStateException("a thread of the play has no result");
            }
            return value;
        }
    }

    <T> Actor<T> start(Callable<T> body) {
        Actor<T> actor = new Actor<>(body);
        actors.add(actor);
        return actor;
    }

    @FunctionalInterface
    interface Condition {
        boolean holds() throws Exception;
    }

    /** Returns once {@code condition} holds. */
    void until(String what, Condition condition) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        try {
            while (!holds(condition)) {
                if (System.nanoTime() - end > 0) {
                    throw new IllegalStateException("not within " + PATIENCE.toSeconds() + " s: " + what);
                }
                Thread.sleep(1);
            }
        } catch (InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(what, e);
        }
    }

    private static boolean holds(Condition condition) throws Exception {
        try {
            return condition.holds();
        } catch (Trace.MissingException notYet) {
            return false;
        }
    }

    /** Lets time pass that the kernel takes for something nobody can watch. */
    void pause(long millis) throws InterruptedException {
        Thread.sleep(millis);
    }

    /** Returns once the server's kernel holds {@code bytes} that nobody has read. */
    void awaitUnread(long bytes) throws InterruptedException {
        if (KernelQueues.canSee()) {
            until(
                    bytes + " bytes are there to read",
                    () -> trace.lastBefore(TO_SERVER, Long.MAX_VALUE).unread() == bytes);
        } else {
            Thread.sleep(300);
        }
    }

    /**
     * Returns once the kernel's queues of what is watched have not changed for longer than an acknowledgement may be
     * delayed.
     */
    void awaitQuiet() throws InterruptedException {
        if (KernelQueues.canSee()) {
            until("the kernel's queues come to rest", () -> sampler.isQuietFor(QUIET_NANOS));
        } else {
            Thread.sleep(700);
        }
    }

    @Override
    public void close() throws IOException {
        List<IOException> failures = new ArrayList<>();
        for (Closeable resource : leftOpen) {
            try {
                if (resource instanceof Conn conn && conn.isOpen()) {
                    ((TcpConn) conn).setLinger(Duration.ZERO); // leaves nothing behind in the kernel
                }
                resource.close();
            } catch (IOException e) {
                failures.add(e);
            }
        }
        sampler.close();
        actors.forEach(actor -> actor.thread.interrupt());
        try {
            for (Actor<?> actor : actors) {
                actor.thread.join(PATIENCE);
            }
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        }
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
    }
}
