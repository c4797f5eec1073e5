package heddle.kafka;

import heddle.gateway.Counter;
import heddle.gateway.Counters;
import heddle.gateway.Receipt;
import heddle.gateway.Result;
import heddle.gateway.Room;
import heddle.gateway.Sequence;
import heddle.gateway.Sink;
import heddle.gateway.SinkStatus;
import heddle.gateway.log.Threads;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/// Delivers messages to a topic of Kafka. A message is told as kept when all replicas in sync have it (acks=all); one
/// that is kept once also when no newer turn of its name is known. Many gateways may feed one topic, and a client may
/// move between them.
///
///     CONNECTING  who offers waits, for roomWait at most: then 3
///     UP          offers go to the delivery; at the bounds who offers waits likewise
///     AWAY        offers are answered 5 at once; the cluster is asked again and again
///     CLOSING     none is taken; what was taken is delivered or has failed
///     ENDED       the thread heddle-kafka has come to its end
///
///     CONNECTING, AWAY -> UP          run()  the topic is there
///     CONNECTING       -> AWAY        run()  it was not, for connectTimeout
///     UP               -> CONNECTING  run()  the delivery has failed; what was on its way is in doubt
///     any              -> CLOSING     close()
///     any              -> ENDED       run()  all is settled; also after a fault of the program
///
/// Threads: offers come from any and never wait for Kafka. `heddle-kafka` connects, resumes and verifies. Kafka's own
/// thread tells the fate of records, and settles plain messages. An episode in which nothing is delivered is logged at
/// its start and its end.
///
/// Memory: the producer's buffers, twice the queue's bytes and a batch for each partition, 128 MiB and 128 KiB a
/// partition unless set otherwise; about 200 bytes for each message on its way, and for each name in the ledger. A
/// connection that sends nothing costs nothing here.
///
/// Longer than most files here: one lock orders offers, deliveries and their failures, and each method is a step of the
/// states above.
public final class KafkaSink implements Sink {

    private static final Logger LOG = System.getLogger("heddle.kafka");

    /**
     * What a message counts in the queue beside its payload and its name: its record, its fate, its headers; rounded
     * up.
     */
    private static final int ENTRY_BYTES = 256;

    /** What a message on its way takes beside the producer's buffers. */
    private static final int MESSAGE_BYTES = 200;

    private static final long LOOK_NANOS = Duration.ofMillis(10).toNanos();
    private static final Duration RETRY = Duration.ofSeconds(1);

    private enum State {
        CONNECTING,
        UP,
        AWAY,
        CLOSING,
        ENDED
    }

    private final KafkaOptions options;
    private final Counters counters;
    private final Room room;
    private final byte[] gateway = new byte[Ledger.gatewayBytes()];
    private final LinkedBlockingQueue<Event> inbox = new LinkedBlockingQueue<>();
    private final Map<Sequence, Turn> turns = new ConcurrentHashMap<>();
    private final Thread thread;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicReference<@Nullable Throwable> fault = new AtomicReference<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Both guarded by lock.
    private State state = State.CONNECTING;
    private @Nullable Delivery delivery;

    private final Episode episode;

    /** The last attempt to connect. Used by heddle-kafka alone. */
    private boolean connectFailed;

    /**
     * A sink that connects by itself; messages may be offered at once.
     *
     * @param options where to
     * @param counters where messages are counted
     * @throws IllegalArgumentException the options' settings make no sense to Kafka
     */
    public KafkaSink(KafkaOptions options, Counters counters) {
        ClientLog.quiet();
        Delivery.check(options);
        this.options = options;
        this.counters = counters;
        this.episode = new Episode(options);
        this.room = new Room(options.queueMessagesMax, options.queueBytesMax, options.clock);
        new SecureRandom().nextBytes(gateway);
        this.thread = Thread.ofPlatform().name("heddle-kafka").start(this::run);
    }

    private static long cost(int payloadBytes, int nameBytes) {
        return (long) payloadBytes + 2L * nameBytes + ENTRY_BYTES;
    }

    private long roomUntil() {
        return options.clock.after(TimeUnit.NANOSECONDS.convert(options.roomWait));
    }

    @Override
    public int offer(Receipt receipt, long id, byte[] buffer, int offset, int length) throws InterruptedException {
        byte[] key = receipt.name().getBytes(StandardCharsets.UTF_8);
        long roomBytes = cost(length, key.length);
        long until = roomUntil();
        var up = new Up();
        int result = take(up, receipt.source(), length, key.length, roomBytes, until);
        if (result == Result.SUCCESS) {
            var payload = Arrays.copyOfRange(buffer, offset, offset + length);
            up.delivery().send(record(key, null, payload, null, 0), new Plain(receipt, id, roomBytes));
        }
        return result;
    }

    /** The delivery that is up. */
    private static final class Up {
        private @Nullable Delivery delivery;

        Delivery delivery() {
            return Objects.requireNonNull(delivery);
        }
    }

    /** Waits until the cluster is there, and for room. */
    private int take(Up up, Object source, int payloadBytes, int nameBytes, long roomBytes, long untilNanos)
            throws InterruptedException {
        if (roomBytes > options.queueBytesMax) {
            return Result.TOO_LARGE;
        }
        int result = awaitUp(up, untilNanos);
        if (result != Result.SUCCESS) {
            return result;
        }
        if (!up.delivery().fits(Delivery.recordBytes(payloadBytes, nameBytes))) {
            return Result.TOO_LARGE;
        }
        return room.take(source, roomBytes, untilNanos) ? Result.SUCCESS : Result.OVERLOADED;
    }

    private int awaitUp(Up up, long untilNanos) throws InterruptedException {
        boolean inTime = true;
        lock.lock();
        try {
            while (state == State.CONNECTING || (state == State.UP && !isUsable(delivery))) {
                if (!inTime) {
                    return Result.OVERLOADED;
                }
                // UP, nobody says when the topic is known again.
                long look = state == State.UP ? options.clock.after(LOOK_NANOS) : untilNanos;
                inTime = options.clock.awaitUntil(lock, changed, look - untilNanos < 0 ? look : untilNanos)
                        || !options.clock.hasPassed(untilNanos);
            }
            up.delivery = delivery;
            return state == State.UP ? Result.SUCCESS : Result.NOT_STORED;
        } finally {
            lock.unlock();
        }
    }

    /** One that has failed is about to be replaced, which heddle-kafka then says. */
    private static boolean isUsable(@Nullable Delivery up) {
        return up == null || (!up.hasFailed() && up.knowsTopic());
    }

    private ProducerRecord<byte[], byte[]> record(
            byte[] key, @Nullable Integer partition, byte[] payload, @Nullable Turn turn, long number) {
        long now = options.clock.instant().toEpochMilli();
        var name = new KafkaHeaders.Field(KafkaHeaders.NAME, key);
        var time = new KafkaHeaders.Field(KafkaHeaders.TIME, now);
        return new ProducerRecord<>(
                options.topic,
                partition,
                now,
                key,
                payload,
                turn == null
                        ? List.of(name, time)
                        : List.of(
                                name,
                                time,
                                new KafkaHeaders.Field(KafkaHeaders.SEQUENCE, number),
                                new KafkaHeaders.Field(KafkaHeaders.TURN, turn.turn)));
    }

    /** Of a message without a number. */
    private final class Plain implements Delivery.Fate {

        private final Receipt receipt;
        private final long id;
        private final long roomBytes;

        Plain(Receipt receipt, long id, long roomBytes) {
            this.receipt = receipt;
            this.id = id;
            this.roomBytes = roomBytes;
        }

        @Override
        public void delivered(int partition, long offset) {
            counters.increment(Counter.STORED);
            settle(Result.SUCCESS);
        }

        @Override
        public void refused(int result) {
            settle(result);
        }

        @Override
        public void failed(int result) {
            settle(result);
        }

        private void settle(int result) {
            room.give(receipt.source(), roomBytes);
            receipt.settled(id, result);
            receipt.flush();
            if (result == Result.SUCCESS) {
                episode.ends();
            }
        }
    }

    @Override
    public int resume(Sequence sequence, long id) {
        lock.lock();
        try {
            if (state != State.UP && state != State.CONNECTING) {
                return Result.NOT_STORED;
            }
            var turn = new Turn(sequence);
            turns.put(sequence, turn);
            inbox.add(new Event.Begin(turn, id));
            return Result.SUCCESS;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void end(Sequence sequence) {
        var turn = turns.remove(sequence);
        if (turn != null) {
            inbox.add(new Event.End(turn));
        }
    }

    @Override
    public int offerOnce(Sequence sequence, long number, byte[] buffer, int offset, int length)
            throws InterruptedException {
        var turn = turns.get(sequence);
        if (turn == null) {
            return tell(sequence, number, Result.OUT_OF_SEQUENCE);
        }
        long roomBytes = cost(length, turn.key.length);
        long until = roomUntil();
        int result = take(new Up(), turn.receipt().source(), length, turn.key.length, roomBytes, until);
        if (result != Result.SUCCESS) {
            return result;
        }
        var payload = Arrays.copyOfRange(buffer, offset, offset + length);
        int told = Result.NOT_STORED;
        try {
            told = send(turn, number, payload, roomBytes, until);
        } finally {
            if (told != SENT) {
                room.give(turn.receipt().source(), roomBytes);
            }
        }
        return switch (told) {
            case SENT -> Result.SUCCESS;
            case Result.OVERLOADED, Result.NOT_STORED -> told;
            case REPEATED -> Result.SUCCESS;
            default -> tell(sequence, number, told);
        };
    }

    private static final int SENT = Integer.MIN_VALUE;
    private static final int REPEATED = Integer.MIN_VALUE + 1;

    private static int tell(Sequence sequence, long number, int result) {
        sequence.receipt().settled(number, result);
        sequence.receipt().flush();
        return Result.SUCCESS;
    }

    /** Sends it if it is the next one of an open turn; else its result, or REPEATED if that comes later. */
    private int send(Turn turn, long number, byte[] payload, long roomBytes, long untilNanos)
            throws InterruptedException {
        turn.lock.lock();
        try {
            boolean inTime = true;
            while (turn.state == Turn.State.RESUMING) {
                if (!inTime) {
                    return Result.OVERLOADED;
                }
                inTime = options.clock.awaitUntil(turn.lock, turn.changed, untilNanos);
            }
            if (turn.state != Turn.State.OPEN) {
                return turn.state == Turn.State.TAKEN_OVER ? Result.TAKEN_OVER : Result.OUT_OF_SEQUENCE;
            }
            int order = Long.compareUnsigned(number, turn.next);
            if (order > 0) {
                return Result.OUT_OF_SEQUENCE;
            }
            if (order < 0) {
                counters.increment(Counter.REPEATS);
                if (Long.compareUnsigned(number, turn.kept) <= 0) {
                    return Result.SUCCESS;
                }
                turn.repeats.add(number);
                return REPEATED;
            }
            turn.next++;
            turn.inFlight++;
            Objects.requireNonNull(turn.delivery)
                    .send(
                            record(turn.key, turn.partition, payload, turn, number),
                            new Numbered(turn, number, roomBytes));
            return SENT;
        } finally {
            turn.lock.unlock();
        }
    }

    /** Of a message with a number. */
    private final class Numbered implements Delivery.Fate {

        private final Turn turn;
        private final long number;
        private final long roomBytes;

        Numbered(Turn turn, long number, long roomBytes) {
            this.turn = turn;
            this.number = number;
            this.roomBytes = roomBytes;
        }

        @Override
        public void delivered(int partition, long offset) {
            inbox.add(new Event.Delivered(turn, number, offset, roomBytes));
            episode.ends();
        }

        /** Within send(), so it is the last that was sent, and its number is free again. */
        @Override
        public void refused(int result) {
            turn.lock.lock();
            try {
                turn.next = number;
                turn.inFlight--;
            } finally {
                turn.lock.unlock();
            }
            settle(result);
        }

        @Override
        public void failed(int result) {
            turn.end(Turn.State.LOST);
            List<Long> repeats;
            turn.lock.lock();
            try {
                turn.inFlight--;
                repeats = List.copyOf(turn.repeats);
                turn.repeats.clear();
            } finally {
                turn.lock.unlock();
            }
            repeats.forEach(repeat -> turn.receipt().settled(repeat, Result.IN_DOUBT));
            settle(result);
        }

        private void settle(int result) {
            room.give(turn.receipt().source(), roomBytes);
            turn.receipt().settled(number, result);
            turn.receipt().flush();
        }
    }

    /** What the thread heddle-kafka does. */
    private void run() {
        try {
            while (goesOn()) {
                var up = connect();
                if (up != null) {
                    serve(up);
                }
            }
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "delivering to Kafka has ended", e);
            fault.compareAndSet(null, e);
        } finally {
            set(State.ENDED, null);
            refuseWaiting();
            ended.countDown();
        }
    }

    private boolean goesOn() {
        lock.lock();
        try {
            return state != State.CLOSING;
        } finally {
            lock.unlock();
        }
    }

    /** Changes the state, but for CLOSING, which only ENDED follows. */
    private void set(State to, @Nullable Delivery up) {
        lock.lock();
        try {
            if (state != State.CLOSING || to == State.ENDED) {
                state = to;
            }
            delivery = up;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Delivery connect() throws InterruptedException {
        try {
            return Delivery.open(options, () -> inbox.add(new Event.Wake()));
        } catch (IOException e) {
            connectFailed = true;
            episode.begins(Delivery.text(e));
            set(State.AWAY, null);
            refuseWaiting();
            pause();
            return null;
        }
    }

    private void pause() throws InterruptedException {
        long left = RETRY.toNanos();
        lock.lock();
        try {
            while (state == State.AWAY && left > 0) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private void refuseWaiting() {
        for (var event = inbox.poll(); event != null; event = inbox.poll()) {
            if (event instanceof Event.Begin begin) {
                begin.turn().end(Turn.State.LOST);
                begin.turn().receipt().resumed(begin.id(), Result.NOT_STORED, 0);
                begin.turn().receipt().flush();
            }
        }
    }

    private void serve(Delivery up) throws InterruptedException {
        try (var work = new Turns(options, counters, up, gateway, room, inbox)) {
            if (connectFailed) {
                connectFailed = false;
                episode.ends();
            }
            set(State.UP, up);
            try {
                while (goesOn() && !up.hasFailed()) {
                    work.work(events(work.anyLive()));
                }
                if (up.hasFailed()) {
                    episode.begins(Delivery.text(up.failure()));
                    set(State.CONNECTING, null);
                } else {
                    up.flush();
                    work.work(drained());
                    work.endAll();
                    up.flush();
                }
            } finally { // also after a fault of the program
                up.close();
                work.abandon(drained());
            }
        }
    }

    /** What has happened; waits for something, but not for ever while turns live. */
    private List<Event> events(boolean anyLive) throws InterruptedException {
        var first = anyLive ? inbox.poll(Turns.sweepNanos(), TimeUnit.NANOSECONDS) : inbox.take();
        List<Event> events = drained();
        if (first != null) {
            events.addFirst(first);
        }
        return events;
    }

    private List<Event> drained() {
        List<Event> events = new ArrayList<>();
        inbox.drainTo(events);
        return events;
    }

    @Override
    public SinkStatus status() {
        var used = room.used();
        // The producer's buffers are twice the room: docs/server.md, Kafka.
        long memory = 2 * options.queueBytesMax + (long) MESSAGE_BYTES * options.queueMessagesMax;
        return new SinkStatus(
                fault.get() != null,
                trouble(),
                used.messages(),
                options.queueMessagesMax,
                used.bytes(),
                options.queueBytesMax,
                0,
                0,
                memory);
    }

    private String trouble() {
        lock.lock();
        try {
            return switch (state) {
                case UP -> isUsable(delivery) ? "" : "Kafka does not answer";
                case CONNECTING -> "connecting to Kafka";
                case AWAY -> "Kafka is away";
                case CLOSING, ENDED -> "delivering to Kafka has ended";
            };
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the sink takes no more and all is settled: after a {@link #close}, or after a fault that ended it by
     * itself, which close then throws.
     *
     * @throws InterruptedException the thread was interrupted
     */
    public void awaitEnd() throws InterruptedException {
        ended.await();
    }

    /**
     * Takes no more, delivers what was taken, for as long as Kafka's delivery.timeout.ms at most, and releases
     * everything. A second close does nothing.
     *
     * @throws IOException the sink had ended by itself
     */
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            if (state != State.ENDED) {
                state = State.CLOSING;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        inbox.add(new Event.Wake());
        Threads.awaitEnd(thread); // the messages on their way come first
        var thrown = fault.getAndSet(null);
        if (thrown != null) {
            throw new IOException("topic " + options.topic + ": ended by " + thrown, thrown);
        }
    }
}
