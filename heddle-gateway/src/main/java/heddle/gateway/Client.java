package heddle.gateway;

import heddle.net.CallInterruptedException;
import heddle.net.Deadline;
import heddle.time.Clock;
import java.io.Closeable;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Submits messages to a gateway, many in flight at a time, and tells an [Outcome] what became of each, or a future
/// ([#submitAsync]), or the caller, who waits for it ([#submitAndWait]). Any number of threads may submit.
///
/// It connects when there is something to send and no connection: at the first submit, and again after a connection was
/// lost, unless [ClientOptions#reconnect] says no. Without a call nothing is connected anew, but for the sake of
/// messages that are to be sent again and that have a future. A connection is read to the end of its stream before what
/// is left counts as unacknowledged, also when writing to it has failed: acks may lie ahead of the end.
///
/// Of several servers it uses one at a time: any one to begin with, and when that does not let it in, the next. So with
/// [ClientOptions#resend] or [ClientOptions#once] a server that is stopped or killed costs a pause and no message, as
/// long as another one is there or it comes back within [ClientOptions#reconnectTimeout].
///
/// Longer than most files here: one lock guards the link, the window and what is told, and each method below is a step
/// of the states in its table. To part them would part the lock from what it guards.
public final class Client implements Closeable {

    private final ClientOptions options;
    private final Clock clock;
    private final Outcome outcome;
    private final byte[] introduction;
    private final int payloadBytesMax;
    private final boolean resends;
    private final boolean reconnects;

    private final ReentrantLock lock = new ReentrantLock();

    /** Signalled when there is room again, when all is settled, and when a link begins, fails to begin, or ends. */
    private final Condition changed = lock.newCondition();

    // All guarded by lock.
    private final Servers servers;
    private final Window window;
    private final Suspicion suspicion = new Suspicion();

    /**
     * The connection of now. With {@code busy} it is in one of four states:
     * <pre>{@code
     * NONE     link null, idle   nobody needs one, or none is made any more
     * OPENING  link null, busy   a caller is connecting, without the lock; all others wait
     * UP       link              callers send; the thread heddle-client reads acks
     * ENDING   link null, busy   that thread tells what was lost, without the lock; all wait
     *
     * NONE    -> OPENING  connected()  a call needs a connection: submit, connect, awaitSettled; or a future
     * OPENING -> UP       start()      introduced, resumed; all that is open is sent again, before anything new
     * OPENING -> NONE     connected()  refused, too long in vain, or the name another's: what is open is settled;
     *                                  the caller is interrupted or has no time left; closed
     * UP      -> ENDING   ended()      the stream was read to its end
     * ENDING  -> NONE     ended()      told; without resend, or at the end, all that was open is settled
     * }</pre>
     * <p>1. One link at a time: an ack is matched with the window of the link that it came over.
     * 2. The window changes only with the lock, and in OPENING and ENDING only by the thread that made it so.
     * 3. The outcome hears from one thread at a time, {@code telling}: in UP the reading one, in OPENING and ENDING the
     *    one that made it so, in NONE one that closes.
     * 4. Once closed, no link comes UP, and NONE is the end.
     */
    private @Nullable Link link;

    /** A thread without the lock is opening the next link or ending the last: wait. */
    private boolean busy;

    /**
     * When to stop connecting anew; null from an ack until the next attempt, and when there is nothing to send again.
     */
    private @Nullable Deadline giveUp;

    /**
     * How the last attempts since then ended: none was introduced, or one was and brought no ack. Null before the
     * first.
     */
    private @Nullable IOException failure;

    /** That of the last link; null before the first. */
    private @Nullable String lastAddress;

    /** Settled in the window, and the outcome not told yet. */
    private int unreported;

    /** Who is calling the outcome, without the lock; one at a time. */
    private @Nullable Thread telling;

    private long numbers;
    private boolean closed;

    /** A thread of this client's own sees to a connection for the sake of futures. */
    private boolean goingOn;

    /** There was a resume: the ids of the window are numbers that the server knows. */
    private boolean numbered;

    /** What the last resume told. */
    private long highest;

    /** The outcome was told that this client goes on trying to connect. */
    private boolean toldRetrying;

    /** What ended the connection of a client that makes no other: it had one only, or its name was taken over. */
    private @Nullable IOException end;

    /**
     * A client of the gateway at {@code address}; does not connect yet.
     *
     * @param address host:port; the addresses of a name are tried in an order of chance
     * @param options bounds and behaviour
     * @param outcome told of each message's fate
     * @throws IllegalArgumentException the name is longer than 255 bytes or holds a zero byte, or it is empty and each
     *     message is to be kept {@link ClientOptions#once}
     */
    public Client(String address, ClientOptions options, Outcome outcome) {
        this(List.of(address), options, outcome);
    }

    /**
     * A client of several gateways, one at a time; does not connect yet.
     *
     * @param addresses host:port of each, at least one
     * @param options bounds and behaviour
     * @param outcome told of each message's fate
     * @throws IllegalArgumentException as above, or there is no address; or each message is to be kept {@link
     *     ClientOptions#once}, by several servers that have no {@link ClientOptions#sharedStore}
     */
    public Client(List<String> addresses, ClientOptions options, Outcome outcome) {
        this.servers = new Servers(addresses, () -> ThreadLocalRandom.current().nextLong());
        this.options = options;
        this.outcome = outcome;
        this.clock = options.runtime.clock();
        this.introduction = Introduction.encode(options.name, options.token);
        this.payloadBytesMax = options.frameBytesMax - Packets.FRAME_BYTES_MIN;
        this.resends = options.resend || options.once;
        this.reconnects = options.reconnect || resends;
        this.window = new Window(options.inFlightMax, options.inFlightBytesMax, resends);
        if (options.once && options.name.isEmpty()) {
            throw new IllegalArgumentException("once: needs a client name, by which the server knows the numbers");
        }
        if (servers.count() > 1 && !options.mayChooseServer()) {
            throw new IllegalArgumentException("once: " + servers.count()
                    + " servers count by themselves, unless sharedStore says that they keep all at one place");
        }
    }

    /**
     * The largest message.
     *
     * @return bytes
     */
    public int payloadBytesMax() {
        return payloadBytesMax;
    }

    /**
     * Connects, unless there is a connection. A submit does so too; this tells early.
     *
     * @throws IOException there is no server, or it refuses this client
     * @throws InterruptedException the thread was interrupted
     * @throws IllegalStateException it would have to wait within the outcome
     */
    public void connect() throws IOException, InterruptedException {
        lock.lock();
        try {
            connected(Clock.NONE);
        } finally {
            lock.unlock();
        }
    }

    /**
     * With {@link ClientOptions#once}: the highest number that the server had kept for this client's name when the
     * connection of now began. A program that is started anew reads there how many messages those before it have handed
     * over.
     *
     * @return the number, unsigned; 0 for none, and before the first connection
     */
    public long highest() {
        lock.lock();
        try {
            return highest;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Submits a message, waiting while too many are in flight; does not wait for the ack.
     *
     * @param payload holds the message; may change after return
     * @param offset where it starts
     * @param length its size in bytes, at most {@link #payloadBytesMax}
     * @return its number, counting up from 0, by which the outcome names it
     * @throws IOException there was no connection and none could be made, or this client makes no other; the message is
     *     not submitted and has no number
     * @throws InterruptedException the thread was interrupted; likewise
     * @throws IllegalArgumentException the message is too long
     * @throws IllegalStateException it would have to wait within the outcome; likewise
     */
    public long submit(byte[] payload, int offset, int length) throws IOException, InterruptedException {
        return submit(payload, offset, length, null, Clock.NONE);
    }

    /**
     * Submits a message, waiting while too many are in flight; does not wait for the ack. The outcome is told as of any
     * other message.
     *
     * <p>With {@link ClientOptions#resend} or {@link ClientOptions#once} the client sees to a connection by itself as
     * long as there are futures that are not complete. The future is completed by the thread that tells the outcome, so
     * what {@code thenApply} and the like add must not wait for the client either. To cancel it changes nothing but the
     * future.
     *
     * @param payload the message; may change after return
     * @return completes with the message's number when the server has kept it; exceptionally with a {@link
     *     NotAcknowledgedException} when anything else is known, or known to stay unknown
     * @throws IOException there was no connection and none could be made, or this client makes no other; the message is
     *     not submitted
     * @throws InterruptedException the thread was interrupted; likewise
     * @throws IllegalArgumentException the message is longer than {@link #payloadBytesMax}
     * @throws IllegalStateException it would have to wait within the outcome; likewise
     */
    public CompletableFuture<Long> submitAsync(byte[] payload) throws IOException, InterruptedException {
        var future = new CompletableFuture<Long>();
        submit(payload, 0, payload.length, future, Clock.NONE);
        return future;
    }

    /**
     * Submits a message and waits until the server has kept it. The outcome is told as of any other message.
     *
     * <p>When the time is over, or the thread is interrupted, a message that was sent stays in flight: it may be kept,
     * and with {@link ClientOptions#resend} or {@link ClientOptions#once} it is sent again if need be. The outcome
     * hears of it later.
     *
     * @param payload the message
     * @param timeout for all of it: a connection if there is none, room, and the ack
     * @return the message's number
     * @throws NotAcknowledgedException something else became of the message, or it stays unknown
     * @throws java.net.SocketTimeoutException the time is over
     * @throws IOException there was no connection and none could be made, or this client makes no other; the message is
     *     not submitted
     * @throws InterruptedException the thread was interrupted
     * @throws IllegalArgumentException the message is longer than {@link #payloadBytesMax}
     * @throws IllegalStateException called within the outcome; the message is not submitted
     */
    public long submitAndWait(byte[] payload, Duration timeout) throws IOException, InterruptedException {
        long untilNanos = clock.after(TimeUnit.NANOSECONDS.convert(Checked.positive("timeout", timeout)));
        lock.lock();
        try {
            checkMayWait();
        } finally {
            lock.unlock();
        }
        var future = new CompletableFuture<Long>();
        long number = submit(payload, 0, payload.length, future, untilNanos);
        awaitDone(future, untilNanos);
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof NotAcknowledgedException failed) {
                // Anew, with the trace of the caller in place of that of the thread that reads acks.
                throw new NotAcknowledgedException(number, failed.result());
            }
            throw e;
        }
    }

    /** Not by {@link #changed}: each caller is woken by its own ack alone. */
    private void awaitDone(CompletableFuture<Long> future, long untilNanos) throws IOException, InterruptedException {
        lock.lock();
        try {
            var done = lock.newCondition();
            var _ = future.whenComplete((_, _) -> signal(done));
            while (!future.isDone()) {
                await(done, untilNanos);
            }
        } finally {
            lock.unlock();
        }
    }

    private void signal(Condition condition) {
        lock.lock();
        try {
            condition.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private long submit(
            byte[] payload, int offset, int length, @Nullable CompletableFuture<Long> future, long untilNanos)
            throws IOException, InterruptedException {
        if (length > payloadBytesMax) {
            throw new IllegalArgumentException("message of " + length + " bytes, the largest is " + payloadBytesMax);
        }
        lock.lock();
        try {
            var now = connected(untilNanos);
            while (!window.hasRoom(length)) {
                checkMayWait();
                await(changed, untilNanos);
                now = connected(untilNanos);
            }
            long number = numbers++;
            long id = window.add(number, payload, offset, length, clock.nanos(), future);
            now.send(id, payload, offset, length);
            return number;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until every message is settled and the outcome told.
     *
     * @throws IOException messages were to be sent again, and {@link ClientOptions#reconnectTimeout} passed without an
     *     ack; they are settled as unknown
     * @throws InterruptedException the thread was interrupted
     * @throws IllegalStateException called within the outcome
     */
    public void awaitSettled() throws IOException, InterruptedException {
        lock.lock();
        try {
            while (window.open() > 0 || unreported > 0) {
                if (window.open() > 0 && link == null && !busy) {
                    connected(Clock.NONE); // which lets the lock go, so look anew before waiting
                } else {
                    checkMayWait();
                    changed.await();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a signal, or throws if the time is over. Called with the lock. */
    @SuppressWarnings("WaitNotInLoop") // The callers' loops.
    private void await(Condition condition, long untilNanos) throws IOException, InterruptedException {
        if (untilNanos == Clock.NONE) {
            condition.await();
        } else {
            checkHasTime(untilNanos);
            boolean _ = clock.awaitUntil(lock, condition, untilNanos);
        }
    }

    private void checkHasTime(long untilNanos) throws SocketTimeoutException {
        if (clock.hasPassed(untilNanos)) {
            throw new SocketTimeoutException("submit " + servers + ": the time for it is over");
        }
    }

    private void checkMayWait() {
        if (telling == Thread.currentThread()) {
            throw new IllegalStateException(
                    "an outcome that waits for its client waits for itself: use another thread");
        }
    }

    /**
     * The link of now, made if there is none; then all that is open is sent again. Called with the lock, which it may
     * let go.
     */
    private Link connected(long untilNanos) throws IOException, InterruptedException {
        while (true) {
            if (closed) {
                throw new IOException("client closed");
            }
            var last = end;
            if (last != null) {
                throw new IOException(last.getMessage(), last);
            }
            var now = link;
            if (now != null) {
                return now;
            }
            if (busy) {
                checkMayWait();
                await(changed, untilNanos);
            } else {
                busy = true;
                try {
                    start(reconnect(untilNanos));
                } finally {
                    if (window.open() == 0) {
                        giveUp = null;
                    }
                    busy = false;
                    changed.signalAll();
                    goOn();
                }
            }
        }
    }

    /**
     * Whoever holds a future asks for no connection, so a thread of the client's own does, where messages are to be
     * sent again. Called with the lock, in whatever state.
     */
    private void goOn() {
        if (window.awaited() > 0 && link == null && !busy && !closed && end == null && !goingOn) {
            goingOn = true;
            options.runtime.ofVirtual().name("heddle-client " + servers).start(this::connectForFutures);
        }
    }

    private void connectForFutures() {
        lock.lock();
        try {
            if (window.awaited() > 0) {
                connected(Clock.NONE);
            }
        } catch (IOException e) {
            // What was open is settled, so the futures tell.
        } catch (InterruptedException e) {
            throw new AssertionError("nobody knows this thread", e);
        } finally {
            goingOn = false;
            goOn();
            lock.unlock();
        }
    }

    /** In OPENING. Called with the lock, lets it go meanwhile. */
    private void start(Link fresh) throws IOException {
        try {
            lastAddress = fresh.address();
            if (toldRetrying) {
                toldRetrying = false;
                tell(outcome::reconnected);
            }
            if (options.once) {
                resumed(fresh);
            }
            if (!closed) {
                window.renumber(fresh.highest() + 1, clock.nanos(), fresh::add);
                fresh.flush();
                options.runtime
                        .ofVirtual()
                        .name("heddle-client " + fresh.address())
                        .start(fresh::readAcks);
                link = fresh;
            }
        } finally {
            // The client was closed meanwhile, the name is another's, or the outcome threw.
            if (link != fresh) {
                fresh.close();
            }
        }
    }

    /** What the server has kept is as good as acknowledged. */
    private void resumed(Link fresh) throws IOException {
        highest = fresh.highest();
        boolean another = numbered && Long.compareUnsigned(highest, window.last()) > 0;
        numbered = true;
        if (another) {
            var why = new RefusedException(
                    "resume",
                    fresh.address(),
                    Result.TAKEN_OVER,
                    "another client sends under the name " + options.name);
            end = why;
            reportAll();
            throw why;
        }
        var kept = new Acks();
        window.settleUpTo(highest, clock.nanos(), kept);
        while (kept.size() > 0) {
            giveUp = null;
            report(kept, kept.size());
            kept.clear();
            window.settleUpTo(highest, clock.nanos(), kept);
        }
        giveUpSuspect(); // only now is it certain that it is not kept
    }

    /**
     * Called with the lock, lets it go meanwhile. Failing for good, it settles what is open; when the caller has no
     * time left, or is interrupted, the next one goes on.
     */
    private Link reconnect(long callerNanos) throws IOException, InterruptedException {
        if (giveUp == null) {
            giveUp = Deadline.after(resends ? options.reconnectTimeout : Duration.ZERO, clock);
            servers.beginAnew();
            failure = null;
        }
        var until = giveUp;
        boolean connectFailed = false;
        while (true) {
            var last = failure;
            if (last != null) {
                var left = until.remaining(); // One look: who is told that this goes on is told for how long.
                if (closed || isFinal(last) || left.isZero()) {
                    reportAll();
                    throw last;
                }
                if (connectFailed && !toldRetrying) {
                    toldRetrying = true;
                    tell(() -> outcome.retrying(last, left));
                }
                checkHasTime(callerNanos);
                long pauseEnd = clock.after(servers.pauseNanos());
                boolean _ = clock.awaitUntil(
                        lock, changed, callerNanos == Clock.NONE ? pauseEnd : Math.min(pauseEnd, callerNanos));
                if (closed) {
                    continue;
                }
                checkHasTime(callerNanos);
            }
            var fresh = round(callerNanos);
            if (fresh != null) {
                return fresh;
            }
            connectFailed = true;
        }
    }

    /**
     * Tries the servers in turn: the first link, or null, and {@link #failure} tells of all. Called with the lock, lets
     * it go meanwhile.
     */
    private @Nullable Link round(long callerNanos) throws IOException, InterruptedException {
        List<IOException> failures = new ArrayList<>();
        for (String address : servers.round()) {
            if (!failures.isEmpty()) {
                checkHasTime(callerNanos);
                if (closed) {
                    break;
                }
            }
            lock.unlock();
            try {
                return Link.open(this, address, options, introduction, connectEnd(callerNanos));
            } catch (CallInterruptedException e) {
                throw (InterruptedException) new InterruptedException(e.getMessage()).initCause(e);
            } catch (IOException e) {
                failures.add(e);
            } finally {
                lock.lock();
            }
            if (lastAddress == null || lastAddress.equals(address)) {
                suspicion.unreachable();
            }
        }
        failure = together(failures);
        return null;
    }

    /** Whether no server has let this client in yet. */
    boolean isNew() {
        lock.lock();
        try {
            return lastAddress == null;
        } finally {
            lock.unlock();
        }
    }

    private Deadline connectEnd(long callerNanos) {
        long nanos = TimeUnit.NANOSECONDS.convert(options.connectTimeout);
        if (callerNanos != Clock.NONE) {
            nanos = Math.min(nanos, callerNanos - clock.nanos());
        }
        return Deadline.after(Duration.ofNanos(nanos), clock);
    }

    /** What is said of a round: that each server refuses for good, only if all do. */
    private static IOException together(List<IOException> failures) {
        if (failures.size() == 1 || failures.stream().allMatch(Client::isFinal)) {
            return failures.getFirst();
        }
        var all = new IOException(
                failures.stream().map(IOException::getMessage).distinct().collect(Collectors.joining("; ")));
        failures.forEach(all::addSuppressed);
        return all;
    }

    /** Calls the outcome without the lock. */
    private void tell(Runnable call) {
        telling = Thread.currentThread();
        lock.unlock();
        try {
            call.run();
        } finally {
            lock.lock();
            telling = null;
        }
    }

    private static boolean isFinal(IOException failure) {
        return failure instanceof RefusedException refused && refused.isFinal();
    }

    /** Settles all that is open as unknown. Called with the lock, lets it go meanwhile. */
    private void reportAll() {
        // With nothing to tell, another thread may be in the outcome: it stays the one that tells.
        while (window.open() > 0) {
            var acks = new Acks();
            window.settleAll(acks);
            report(acks, acks.size());
        }
    }

    /** Acks have come over the link of now. */
    void acked(Acks acks) throws IOException {
        lock.lock();
        try {
            int valid = settle(acks);
            if (valid > 0) {
                giveUp = null;
            }
            report(acks, valid);
            if (options.once) {
                checkOnce(acks, valid);
            }
            if (valid < acks.size()) {
                throw new IOException(
                        "ack from " + lastAddress + " for a request that is not in flight: " + acks.ids[valid]);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Tells futures and outcome of messages that the window has settled. Called with the lock, lets it go meanwhile.
     */
    private void report(Acks acks, int count) {
        unreported += count;
        try {
            tell(() -> {
                // First, as the outcome may throw.
                for (int i = 0; i < count; i++) {
                    complete(acks.futures[i], acks.ids[i], acks.results[i]);
                }
                for (int i = 0; i < count; i++) {
                    outcome.settled(acks.ids[i], acks.results[i], acks.latencyNanos[i]);
                }
            });
        } finally {
            unreported -= count;
            if (window.isHalfFree()) {
                changed.signalAll();
            }
        }
    }

    private static void complete(@Nullable CompletableFuture<Long> future, long number, int result) {
        if (future == null) {
            return;
        }
        if (result == Result.SUCCESS) {
            future.complete(number);
        } else {
            future.completeExceptionally(new NotAcknowledgedException(number, result));
        }
    }

    /**
     * Where messages are kept once, a result other than success ends the link, as all behind it have to be numbered
     * anew, or the client. The last of those settled may have one, or the first that is not.
     */
    private void checkOnce(Acks acks, int settled) throws IOException {
        int last = settled > 0 ? acks.results[settled - 1] : Result.SUCCESS;
        if (last != Result.SUCCESS) {
            var why = answered(last);
            if (last != Result.TOO_LARGE) {
                end = why;
            }
            throw why;
        }
        if (settled < acks.size() && window.isOpen(acks.ids[settled])) {
            throw answered(acks.results[settled]);
        }
    }

    private RefusedException answered(int result) {
        return new RefusedException("submit once", String.valueOf(lastAddress), result, Result.text(result));
    }

    /** Whether the message is sent again, instead of the outcome being told. */
    private boolean isSentAgain(int result) {
        return options.once
                && switch (result) {
                    case Result.OVERLOADED, Result.NOT_STORED, Result.OUT_OF_SEQUENCE, Result.IN_DOUBT -> true;
                    default -> false;
                };
    }

    /**
     * Settles the acks up to the first that answers nothing or ends the link; gives them their messages' numbers. How
     * many.
     */
    private int settle(Acks acks) {
        long now = clock.nanos();
        for (int i = 0; i < acks.size(); i++) {
            long id = acks.ids[i];
            if (!window.isOpen(id) || isSentAgain(acks.results[i])) {
                return i;
            }
            suspicion.answered(window.length(id));
            window.settleInto(acks, i, now);
            if (options.once && acks.results[i] != Result.SUCCESS) {
                return i + 1;
            }
        }
        return acks.size();
    }

    /** Whether the server owes an ack for too long. */
    boolean isOverdue() {
        lock.lock();
        try {
            return window.open() > 0
                    && clock.nanos() - window.oldestNanos() >= TimeUnit.NANOSECONDS.convert(options.ackTimeout);
        } finally {
            lock.unlock();
        }
    }

    /** The link of now has been read to its end. */
    void ended(IOException cause) {
        lock.lock();
        try {
            link = null;
            IOException why = suspicion.ended(cause, window);
            failure = why;
            if (!reconnects && end == null) {
                end = why;
            }
            busy = true;
            int open = window.open();
            try {
                if (open > 0 || (end != null && !closed)) {
                    tell(() -> outcome.lost(why, open));
                }
            } finally { // though the outcome may throw
                if (closed || end != null || !resends) {
                    reportAll();
                } else if (!options.once) {
                    giveUpSuspect();
                }
            }
        } finally {
            busy = false;
            changed.signalAll();
            goOn();
            lock.unlock();
        }
    }

    /**
     * Settles the oldest open message if it is what ends the connections. Called with the lock, lets it go meanwhile.
     */
    private void giveUpSuspect() {
        if (!suspicion.givesUp(window)) {
            return;
        }
        var acks = new Acks();
        acks.add(window.oldest(), Result.NOT_TAKEN);
        window.settleInto(acks, 0, window.oldestNanos());
        // As good as an ack: the next connection is for the messages behind it.
        giveUp = null;
        report(acks, 1);
    }

    /**
     * Half-closes the connection and reads it to its end, for {@link ClientOptions#closeTimeout}; what is unsettled
     * then is settled as unknown. To lose nothing, call {@link #awaitSettled} first. An interrupt shortens it. A second
     * close does nothing.
     *
     * <p>Within the outcome it waits for nothing: it cuts the connection off, and what is unsettled is settled after
     * the outcome's return.
     */
    @Override
    public void close() {
        Link last;
        boolean withinOutcome;
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
            last = link;
            withinOutcome = telling == Thread.currentThread();
        } finally {
            lock.unlock();
        }
        if (withinOutcome) {
            if (last != null) {
                last.close();
            }
            return;
        }
        boolean interrupted = false;
        if (last != null) {
            try {
                if (!last.hasHalfClose()) {
                    awaitEnd(() -> window.open() == 0);
                }
                last.finish(options.closeTimeout);
                awaitEnd(() -> false);
            } catch (InterruptedException e) {
                interrupted = true;
            }
            last.close();
        }
        lock.lock();
        try {
            // The connection is closed, which ends UP. OPENING lasts for one more attempt.
            while (link != null || busy) {
                changed.awaitUninterruptibly();
            }
            reportAll();
        } finally {
            lock.unlock();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for {@code closeTimeout} at most, until the link has ended or {@code done}; asks that with the lock. */
    private void awaitEnd(BooleanSupplier done) throws InterruptedException {
        long until = clock.after(TimeUnit.NANOSECONDS.convert(options.closeTimeout));
        lock.lock();
        try {
            while (link != null && !done.getAsBoolean() && clock.awaitUntil(lock, changed, until)) {
                // Told of something else.
            }
        } finally {
            lock.unlock();
        }
    }
}
