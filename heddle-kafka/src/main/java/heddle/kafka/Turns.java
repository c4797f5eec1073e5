package heddle.kafka;

import heddle.gateway.Counter;
import heddle.gateway.Counters;
import heddle.gateway.Receipt;
import heddle.gateway.Result;
import heddle.gateway.Room;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// What must be asked before a numbered message is told as kept, and before a name is told as resumed. Decision 0017
/// says why it is enough. For the sink's thread alone; one for each delivery.
///
/// A resume, in this order, each step for all that wait at once:
///
/// 1. A claim goes into the [Ledger]. Its offset is the turn's number: a later claim has a higher one, whoever makes
///    it.
/// 2. A marker with that number goes into the name's partition. What stands behind it and belongs to an older turn does
///    not count, by the [ReadingRule]; what stands before it never changes. So how far the name is, is settled.
/// 3. The ledger is read. Another claim behind ours: refused, that one goes first. Else the newest entry tells from
///    where the partition is to be read to the marker, and with which number.
/// 4. An entry of the new turn goes into the ledger. Then the resume is told.
///
/// A numbered message that all replicas have is told as kept when the ledger, read after that, has no later claim from
/// another gateway: a marker before the message would have had its claim before it.
///
/// Longer than most files here: the steps and the check hold only together, and are read in this order.
final class Turns implements Closeable {

    private static final Logger LOG = System.getLogger("heddle.kafka");

    /**
     * How much of a partition is behind an entry before it is written anew: what a resume after a crash must read at
     * most, and a sweep more.
     */
    private static final long ENTRY_RECORDS = 10_000;

    private static final long SWEEP_NANOS = Duration.ofSeconds(5).toNanos();
    private static final Duration POLL = Duration.ofMillis(100);
    private static final byte[] NOTHING = {};

    private final KafkaOptions options;
    private final Counters counters;
    private final Delivery delivery;
    private final byte[] gateway;
    private final Room room;
    private final Queue<Event> inbox;

    /** Opened by the first resume. */
    private @Nullable Ledger ledger;

    /** Who has resumed each name last, of those whose connection is there. */
    private final Map<String, Turn> owners = new HashMap<>();

    private final ArrayDeque<Event> waiting = new ArrayDeque<>();
    private final Set<Receipt> told = new LinkedHashSet<>();
    private long sweptNanos = System.nanoTime();

    Turns(KafkaOptions options, Counters counters, Delivery delivery, byte[] gateway, Room room, Queue<Event> inbox) {
        this.options = options;
        this.counters = counters;
        this.delivery = delivery;
        this.gateway = gateway;
        this.room = room;
        this.inbox = inbox;
    }

    /** Whether {@link #work} is to be called now and then though nothing happens. */
    boolean anyLive() {
        return !owners.isEmpty();
    }

    static long sweepNanos() {
        return SWEEP_NANOS;
    }

    void work(List<Event> events) throws InterruptedException {
        waiting.addAll(events);
        while (!waiting.isEmpty()) {
            var batch = new ArrayList<>(waiting);
            waiting.clear();
            List<Event.Begin> begins = new ArrayList<>();
            Set<Turn> beginning = new HashSet<>();
            for (var event : batch) {
                if (event instanceof Event.Begin begin) {
                    begins.add(begin);
                    beginning.add(begin.turn());
                }
            }
            try {
                verify(delivered(batch));
                // Ends first: a turn that has ended in order spares the next one of its name a scan. But no end before
                // its begin.
                for (var event : batch) {
                    if (event instanceof Event.End end && !beginning.contains(end.turn())) {
                        end(end.turn());
                    }
                }
                resumeAll(begins);
            } finally { // after a fault of the program some are not told yet, and who asked waits
                begins.forEach(this::refuse);
            }
            for (var event : batch) {
                if (event instanceof Event.End end && beginning.contains(end.turn())) {
                    end(end.turn());
                }
            }
            flush();
        }
        sweepIfDue();
    }

    private static List<Event.Delivered> delivered(List<Event> events) {
        return events.stream()
                .filter(Event.Delivered.class::isInstance)
                .map(Event.Delivered.class::cast)
                .toList();
    }

    private void flush() {
        told.forEach(Receipt::flush);
        told.clear();
    }

    /** Settles what is delivered, after a look into the ledger. */
    private void verify(List<Event.Delivered> delivered) {
        if (delivered.isEmpty()) {
            return;
        }
        boolean read = false;
        try {
            Objects.requireNonNull(ledger).catchUp();
            read = true;
        } catch (IOException e) {
            LOG.log(Level.WARNING, "what is delivered cannot be told as kept: {0}", e.getMessage());
        } finally { // also after a fault of the program: who sent it waits
            for (var message : delivered) {
                settle(message, read);
            }
        }
    }

    private void settle(Event.Delivered message, boolean read) {
        var turn = message.turn();
        boolean claimed = read && Objects.requireNonNull(ledger).claimedElsewhere(turn.name, turn.turn);
        boolean kept = read && !claimed;
        if (!kept) {
            turn.end(claimed ? Turn.State.TAKEN_OVER : Turn.State.LOST);
        }
        List<Long> repeats = new ArrayList<>();
        turn.lock.lock();
        try {
            turn.inFlight--;
            if (kept) {
                turn.kept = message.number();
                turn.lastOffset = message.offset() + 1;
                while (!turn.repeats.isEmpty() && Long.compareUnsigned(turn.repeats.peek(), turn.kept) <= 0) {
                    repeats.add(turn.repeats.remove());
                }
            } else {
                repeats.addAll(turn.repeats);
                turn.repeats.clear();
            }
        } finally {
            turn.lock.unlock();
        }
        room.give(message.turn().receipt().source(), message.roomBytes());
        if (kept) {
            counters.increment(Counter.STORED);
        }
        int result = kept ? Result.SUCCESS : Result.IN_DOUBT;
        turn.receipt().settled(message.number(), result);
        repeats.forEach(number -> turn.receipt().settled(number, result));
        told.add(turn.receipt());
        closeIfDone(turn);
    }

    private void end(Turn turn) {
        owners.remove(turn.name, turn);
        turn.lock.lock();
        try {
            turn.ended = true;
        } finally {
            turn.lock.unlock();
        }
        closeIfDone(turn);
    }

    /** Says in the ledger that nothing more comes of a turn, once that is so. */
    private void closeIfDone(Turn turn) {
        long highest;
        turn.lock.lock();
        try {
            if (!turn.ended || turn.state != Turn.State.OPEN || turn.inFlight > 0) {
                return;
            }
            turn.state = Turn.State.LOST;
            highest = turn.kept;
        } finally {
            turn.lock.unlock();
        }
        write(turn, Ledger.NOTHING_BEHIND, highest);
    }

    /** Writes an entry that nobody waits for. */
    private void write(Turn turn, long from, long highest) {
        turn.entryOffset = from;
        var entry = new Ledger.Entry(turn.turn, turn.partition, from, highest);
        delivery.send(Objects.requireNonNull(ledger).entry(turn.key, entry), new Answers(1).fate(0));
    }

    /** Resumes, each name once at a time. */
    private void resumeAll(List<Event.Begin> begins) throws InterruptedException {
        var rest = begins;
        while (!rest.isEmpty()) {
            List<Event.Begin> group = new ArrayList<>();
            List<Event.Begin> again = new ArrayList<>();
            Set<String> names = new HashSet<>();
            for (var begin : rest) {
                (names.add(begin.turn().name) ? group : again).add(begin);
            }
            try {
                resume(group);
            } catch (IOException | KafkaException e) {
                LOG.log(Level.WARNING, "names not resumed: {0}: {1}", group.size(), Delivery.text(e));
                group.forEach(this::refuse);
            }
            rest = again;
        }
    }

    private void refuse(Event.Begin begin) {
        var turn = begin.turn();
        if (turn.isOpen() || !turn.end(Turn.State.LOST)) {
            return; // told already
        }
        owners.remove(turn.name, turn);
        turn.receipt().resumed(begin.id(), Result.NOT_STORED, 0);
        turn.receipt().flush();
    }

    /** Answers of Kafka to so many records. */
    private static final class Answers {

        private final long[] offsets;
        private final CountDownLatch left;

        Answers(int count) {
            this.offsets = new long[count];
            this.left = new CountDownLatch(count);
        }

        private void told(int index, long offset) {
            offsets[index] = offset;
            left.countDown();
        }

        Delivery.Fate fate(int index) {
            return new Delivery.Fate() {
                @Override
                public void delivered(int partition, long offset) {
                    told(index, offset);
                }

                @Override
                public void refused(int result) {
                    told(index, -1);
                }

                @Override
                public void failed(int result) {
                    told(index, -1);
                }
            };
        }

        /** The offsets, once all are there. */
        long[] await() throws IOException, InterruptedException {
            left.await();
            for (long offset : offsets) {
                if (offset < 0) {
                    throw new IOException("not delivered");
                }
            }
            return offsets;
        }
    }

    private interface Making {
        ProducerRecord<byte[], byte[]> record(Turn turn, int index);
    }

    private long[] sendAll(List<Event.Begin> group, Making making) throws IOException, InterruptedException {
        var answers = new Answers(group.size());
        for (int i = 0; i < group.size(); i++) {
            delivery.send(making.record(group.get(i).turn(), i), answers.fate(i));
        }
        return answers.await();
    }

    private void resume(List<Event.Begin> group) throws IOException, InterruptedException {
        var opened = ledger;
        if (opened == null) {
            opened = Ledger.open(options, gateway, delivery);
            ledger = opened;
        } else {
            opened.catchUp();
        }
        var book = opened;
        for (var begin : group) {
            var turn = begin.turn();
            var older = owners.put(turn.name, turn);
            if (older != null) {
                older.end(Turn.State.TAKEN_OVER);
            }
            var entry = book.entry(turn.name);
            turn.partition = entry == null ? delivery.partitionOf(turn.key) : entry.partition();
        }
        long[] claims = sendAll(group, (turn, i) -> book.claim(turn.key));
        for (int i = 0; i < claims.length; i++) {
            group.get(i).turn().turn = claims[i];
        }
        long[] markers = sendAll(group, (turn, i) -> marker(turn));
        for (int i = 0; i < markers.length; i++) {
            group.get(i).turn().markerOffset = markers[i];
        }
        // What older turns of these names had sent here was told before their markers were: settle it first.
        for (var event = inbox.poll(); event != null; event = inbox.poll()) {
            waiting.add(event);
        }
        book.catchUp();
        var before = delivered(List.copyOf(waiting));
        waiting.removeIf(Event.Delivered.class::isInstance);
        before.forEach(message -> settle(message, true));
        flush();

        List<Event.Begin> resumable = new ArrayList<>();
        Map<Integer, List<Event.Begin>> toScan = new HashMap<>();
        Map<Turn, Long> highest = new HashMap<>();
        for (var begin : group) {
            var turn = begin.turn();
            var entry = book.entry(turn.name);
            if (book.claimedElsewhere(turn.name, turn.turn)
                    || (entry != null && (entry.turn() > turn.turn || entry.partition() != turn.partition))) {
                refuse(begin);
                continue;
            }
            resumable.add(begin);
            if (entry == null) {
                highest.put(turn, 0L);
            } else if (entry.from() == Ledger.NOTHING_BEHIND) {
                highest.put(turn, entry.highest());
            } else {
                toScan.computeIfAbsent(turn.partition, ignored -> new ArrayList<>())
                        .add(begin);
            }
        }
        for (var one : toScan.entrySet()) {
            scan(book, one.getKey(), one.getValue(), highest);
        }
        sendAll(resumable, (turn, i) -> {
            turn.entryOffset = turn.markerOffset + 1;
            turn.lastOffset = turn.entryOffset;
            return book.entry(
                    turn.key,
                    new Ledger.Entry(
                            turn.turn, turn.partition, turn.entryOffset, Objects.requireNonNull(highest.get(turn))));
        });
        for (var begin : resumable) {
            var turn = begin.turn();
            forgetOlder(book, turn);
            long told = Objects.requireNonNull(highest.get(turn));
            turn.open(delivery, told);
            turn.receipt().resumed(begin.id(), Result.SUCCESS, told);
            turn.receipt().flush();
        }
    }

    private void forgetOlder(Ledger book, Turn turn) {
        var entry = book.entry(turn.name);
        if (entry != null) {
            delivery.send(book.forget(turn.key, entry.turn()), new Answers(1).fate(0));
        }
        for (long older : book.olderTurns(turn.name)) {
            delivery.send(book.forget(turn.key, older), new Answers(1).fate(0));
        }
    }

    private ProducerRecord<byte[], byte[]> marker(Turn turn) {
        long now = options.clock.instant().toEpochMilli();
        return new ProducerRecord<>(
                options.topic,
                turn.partition,
                now,
                turn.key,
                NOTHING,
                List.of(
                        new KafkaHeaders.Field(KafkaHeaders.NAME, turn.key),
                        new KafkaHeaders.Field(KafkaHeaders.TIME, now),
                        new KafkaHeaders.Field(KafkaHeaders.TURN, turn.turn)));
    }

    /** Reads a partition from the oldest entry to the last marker. */
    private void scan(Ledger book, int number, List<Event.Begin> group, Map<Turn, Long> highest) throws IOException {
        var consumer = book.consumer();
        var partition = new TopicPartition(options.topic, number);
        Map<String, Turn> wanted =
                group.stream().map(Event.Begin::turn).collect(Collectors.toMap(turn -> turn.name, turn -> turn));
        consumer.assign(List.of(partition));
        long begin = consumer.beginningOffsets(List.of(partition)).getOrDefault(partition, 0L);
        long from = Long.MAX_VALUE;
        long to = 0;
        Map<String, ReadingRule.Position> positions = new HashMap<>();
        for (var turn : wanted.values()) {
            var entry = Objects.requireNonNull(book.entry(turn.name));
            boolean lost = entry.from() < begin;
            if (lost) {
                LOG.log(
                        Level.WARNING,
                        "topic {0}, partition {1}: retention has dropped records that tell how far client \"{2}\" is",
                        options.topic,
                        number,
                        printable(turn.name));
            }
            positions.put(
                    turn.name, new ReadingRule.Position(entry.turn(), lost ? ReadingRule.UNKNOWN : entry.highest()));
            from = Math.min(from, entry.from());
            to = Math.max(to, turn.markerOffset);
        }
        var rule = new ReadingRule(positions);
        long position = Math.max(from, begin);
        consumer.seek(partition, position);
        long deadline = System.nanoTime() + options.connectTimeout.toNanos();
        while (position <= to) {
            for (var record : consumer.poll(POLL)) {
                var turn = record.key() == null ? null : wanted.get(new String(record.key(), StandardCharsets.UTF_8));
                if (turn != null
                        && record.offset() <= turn.markerOffset
                        && record.offset()
                                >= Objects.requireNonNull(book.entry(turn.name)).from()) {
                    rule.counts(record);
                }
            }
            long reached = consumer.position(partition);
            if (reached > position) {
                deadline = System.nanoTime() + options.connectTimeout.toNanos();
            } else if (System.nanoTime() - deadline >= 0) {
                throw new IOException(
                        "topic " + options.topic + ", partition " + number + ": cannot be read on at " + position);
            }
            position = reached;
        }
        for (var turn : wanted.values()) {
            long found = Objects.requireNonNull(rule.position(turn.name)).highest();
            highest.put(
                    turn,
                    found == ReadingRule.UNKNOWN
                            ? Objects.requireNonNull(book.entry(turn.name)).highest()
                            : found);
        }
    }

    private static String printable(String name) {
        return name.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", "?");
    }

    /** Writes entries anew that much has come behind. */
    private void sweepIfDue() {
        if (owners.isEmpty() || System.nanoTime() - sweptNanos < SWEEP_NANOS) {
            return;
        }
        sweptNanos = System.nanoTime();
        sweep(ends());
    }

    /** Of the partitions of all turns; empty if they cannot be told. */
    Map<TopicPartition, Long> ends() {
        try {
            return Objects.requireNonNull(ledger)
                    .consumer()
                    .endOffsets(owners.values().stream().map(this::partition).collect(Collectors.toSet()));
        } catch (KafkaException e) {
            LOG.log(Level.DEBUG, "no ends", e); // the next sweep has them
            return Map.of();
        }
    }

    private TopicPartition partition(Turn turn) {
        return new TopicPartition(options.topic, turn.partition);
    }

    /**
     * Looks at the turns after {@code ends} were asked for. A turn with nothing on its way then has all above
     * {@code kept} still to send, which comes to stand at the end or behind it. The other way round, a message sent
     * between the look and the question stands before the end, and an entry would say that it is not there.
     */
    void sweep(Map<TopicPartition, Long> ends) {
        for (var turn : List.copyOf(owners.values())) {
            long from;
            long kept;
            turn.lock.lock();
            try {
                if (turn.state != Turn.State.OPEN) {
                    continue;
                }
                // lastOffset and kept are written by this thread alone, together.
                from = turn.inFlight > 0 ? turn.lastOffset : ends.getOrDefault(partition(turn), 0L);
                kept = turn.kept;
            } finally {
                turn.lock.unlock();
            }
            if (from - turn.entryOffset > ENTRY_RECORDS) {
                write(turn, from, kept);
            }
        }
    }

    /** Ends all turns in order, so that no resume need read a partition. */
    void endAll() {
        List.copyOf(owners.values()).forEach(this::end);
    }

    /** Settles what is left when the delivery has failed: nobody can look at the ledger any more. */
    void abandon(List<Event> events) {
        waiting.addAll(events);
        owners.values().forEach(turn -> turn.end(Turn.State.LOST));
        owners.clear();
        for (var event : waiting) {
            switch (event) {
                case Event.Begin begin -> refuse(begin);
                case Event.Delivered message -> settle(message, false);
                case Event.End end -> {}
                case Event.Wake wake -> {}
            }
        }
        waiting.clear();
        flush();
    }

    @Override
    public void close() {
        if (ledger != null) {
            ledger.close();
        }
    }
}
