package heddle.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Frames of chance, right and wrong, and a model of the protocol that says beforehand how each is answered: with what,
/// where the connection ends, what is counted, and what is kept. The server must agree to the byte.
///
/// A connection's frames come from its seed alone. A failure names it; `-Dtest.frames.seed=N` plays that connection
/// alone, `-Dframes=N` sets how many frames all have together. The soak tier plays ten million.
@Tag("thorough")
@Timeout(3600)
class FrameFuzzTest {

    private static final long FRAMES = Long.getLong("test.frames", 100_000);
    private static final int WORKERS = 8;
    private static final HexFormat HEX = HexFormat.of();
    private static final int FRAME_BYTES_MAX = 2048;

    /** More than fits beside the acks in the kernel's buffers would need a thread that reads. */
    private static final int FRAMES_MAX = 40;

    @TempDir
    private Path folder;

    /** Held: a logger that nobody holds may be collected, and its level with it. */
    private final Logger log = Logger.getLogger("heddle.gateway");

    private final Map<Counter, AtomicLong> expected = new EnumMap<>(Counter.class);

    @BeforeEach
    void logsNothing() {
        log.setLevel(Level.OFF); // a line for each connection that made a mistake
    }

    @AfterEach
    void logsAgain() {
        log.setLevel(null);
    }

    @Test
    void everyFrameIsAnsweredCountedAndKeptAsTheProtocolSays() throws Exception {
        for (var counter : Counter.values()) {
            expected.put(counter, new AtomicLong());
        }
        var counters = new Counters();
        var frames = new AtomicLong(FRAMES);
        Long only = Long.getLong("test.frames.seed");
        try (var sink = new StoreSink(folder, new StoreOptions().sync(SyncMode.INTERVAL), counters);
                var gateway = new RunningGateway(sink, new GatewayOptions().frameBytesMax(FRAME_BYTES_MAX), counters);
                ExecutorService workers = Executors.newFixedThreadPool(WORKERS)) {
            List<Future<?>> ends = new ArrayList<>();
            for (int worker = 0; worker < (only == null ? WORKERS : 1); worker++) {
                long first = only == null ? worker : only;
                Callable<Void> work = () -> {
                    Map<String, Long> kept = new HashMap<>();
                    for (long seed = first; frames.get() > 0; seed += WORKERS) {
                        var play = new Play(seed, kept);
                        frames.addAndGet(only == null ? -play.frames : -FRAMES);
                        play.check(gateway.port);
                    }
                    return null;
                };
                ends.add(workers.submit(work));
            }
            for (var end : ends) {
                end.get();
            }
            gateway.end();
        }
        Map<String, Long> counted = new TreeMap<>();
        Map<String, Long> wanted = new TreeMap<>();
        for (var counter : Counter.values()) {
            if (counter != Counter.COMMITS && counter != Counter.SYNCS && counter != Counter.FRAMES) {
                counted.put(counter.id(), counters.value(counter));
                wanted.put(counter.id(), expected.get(counter).get());
            }
        }
        assertThat(counted).isEqualTo(wanted);
        assertThat(counters.value(Counter.FRAMES))
                .isGreaterThanOrEqualTo(wanted.get(Counter.SUBMITS.id()) + wanted.get(Counter.INTRODUCED.id()));
        long stored = 0;
        try (var reader = new StoreReader(folder)) {
            for (var some = reader.next(); !some.isEmpty(); some = reader.next()) {
                stored += some.size();
            }
        }
        assertThat(stored).isEqualTo(wanted.get(Counter.STORED.id()));
    }

    /** One connection: what it sends, and what the model says of it. */
    private final class Play {

        private final long seed;
        private final SplittableRandom random;

        /** The highest number kept of each name that this worker's connections used; nobody else uses these. */
        private final Map<String, Long> kept;

        private final ByteArrayOutputStream sent = new ByteArrayOutputStream();

        /** Answers in hexadecimal, and how often each; their order is the server's affair. */
        private final Map<String, Integer> answers = new TreeMap<>();

        private int frames;
        private boolean introduced;
        private boolean resumed;
        private boolean over;
        private String name = "";

        Play(long seed, Map<String, Long> kept) {
            this.seed = seed;
            this.random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L);
            this.kept = kept;
            count(Counter.CONNECTIONS, 1);
            count(Counter.CONNECTIONS_CLOSED, 1);
            if (random.nextInt(20) > 0) {
                introduce();
            }
            for (int left = random.nextInt(1, FRAMES_MAX); left > 0; left--) {
                frame();
            }
            if (!over && random.nextInt(10) == 0) {
                cut();
            }
        }

        private void count(Counter counter, long times) {
            expected.get(counter).addAndGet(times);
        }

        private void fatal(Counter counter) {
            count(counter, 1);
            over = true;
        }

        private void send(int command, long id, byte[] rest) {
            frames++;
            sent.writeBytes(ByteBuffer.allocate(13 + rest.length)
                    .putInt(13 + rest.length)
                    .put((byte) command)
                    .putLong(id)
                    .put(rest)
                    .array());
        }

        private void expect(int command, long id, int result, long... highest) {
            var ack = ByteBuffer.allocate(14 + 8 * highest.length)
                    .putInt(14 + 8 * highest.length)
                    .put((byte) command)
                    .putLong(id)
                    .put((byte) result);
            for (long number : highest) {
                ack.putLong(number);
            }
            answers.merge(HEX.formatHex(ack.array()), 1, Integer::sum);
        }

        private byte[] bytes(int length) {
            byte[] some = new byte[length];
            random.nextBytes(some);
            return some;
        }

        /** A conn with a good name: one of the few that its worker comes back to, or any. */
        private void introduce() {
            long id = random.nextLong();
            if (random.nextBoolean()) {
                name = "worker " + seed % WORKERS + " name " + random.nextInt(5);
            } else {
                var text = new StringBuilder("seed " + seed + " ");
                int points = random.nextInt(50);
                for (int i = 0; i < points; i++) {
                    int point = random.nextInt(1, Character.MAX_CODE_POINT);
                    text.appendCodePoint(
                            point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE ? '\n' : point);
                }
                name = text.toString();
            }
            byte[] payload = Introduction.encode(name, random.nextInt(4) == 0 ? "a token that nobody wants" : null);
            send(1, id, payload);
            if (!over) {
                introduced = true;
                count(Counter.INTRODUCED, 1);
                expect(0x81, id, 0);
            }
        }

        private void frame() {
            switch (random.nextInt(100)) {
                case 0 -> length(random.nextInt(13), Counter.ERROR_TOO_SHORT);
                case 1 -> length(FRAME_BYTES_MAX + 1 + random.nextInt(100), Counter.ERROR_TOO_LONG);
                case 2 -> length(random.nextInt() | Integer.MIN_VALUE, Counter.ERROR_TOO_LONG);
                case 3 -> unknown();
                case 4 -> malformedName();
                case 5, 6, 7, 8 -> heartbeat();
                case 9, 10, 11, 12, 13 -> resume(random.nextInt(8) == 0 ? 1 + random.nextInt(20) : 0);
                case 14 -> once(0);
                case 15, 16, 17 -> once(random.nextLong());
                case 18, 19, 20, 21, 22, 23 -> once(highest() + random.nextInt(-3, 5));
                default -> {
                    if (random.nextInt(3) == 0) {
                        once(highest() + 1);
                    } else {
                        submit();
                    }
                }
            }
        }

        private long highest() {
            return kept.getOrDefault(name, 0L);
        }

        /** What looks like a frame, of a length that is none; the bytes behind it are not looked at. */
        private void length(int total, Counter counter) {
            frames++;
            sent.writeBytes(ByteBuffer.allocate(4).putInt(total).array());
            sent.writeBytes(bytes(random.nextInt(64)));
            if (!over) {
                // Fewer than four bytes of header would be something else: there are always four.
                fatal(counter);
            }
        }

        private void unknown() {
            long id = random.nextLong();
            int command = random.nextInt(5, 256);
            send(command, id, bytes(random.nextInt(100)));
            if (!over) {
                expect(0x82, id, introduced ? 1 : 2);
                fatal(introduced ? Counter.ERROR_UNKNOWN_COMMAND : Counter.ERROR_NOT_INTRODUCED);
            }
        }

        private void malformedName() {
            long id = random.nextLong();
            boolean tooLong = random.nextBoolean();
            byte[] payload = tooLong ? "n".repeat(256 + random.nextInt(100)).getBytes(US_ASCII) : bytes(20);
            if (!tooLong) {
                payload[0] = (byte) 0xC0; // never in UTF-8
            }
            send(1, id, payload);
            if (over) {
                return;
            }
            if (introduced) {
                count(Counter.HEARTBEATS, 1);
                expect(0x81, id, 0);
            } else {
                expect(0x81, id, 1);
                fatal(Counter.ERROR_MALFORMED_NAME);
            }
        }

        private void heartbeat() {
            if (!introduced) {
                introduce();
                return;
            }
            long id = random.nextLong();
            send(1, id, bytes(random.nextInt(300)));
            if (!over) {
                count(Counter.HEARTBEATS, 1);
                expect(0x81, id, 0);
            }
        }

        private void resume(int tooMuch) {
            long id = random.nextLong();
            send(4, id, bytes(tooMuch));
            if (over) {
                return;
            }
            if (!introduced) {
                expect(0x84, id, 2, 0);
                fatal(Counter.ERROR_NOT_INTRODUCED);
            } else if (resumed || tooMuch > 0) {
                expect(0x84, id, 1, 0);
                fatal(Counter.ERROR_MALFORMED);
            } else {
                resumed = true;
                count(Counter.RESUMES, 1);
                expect(0x84, id, 0, highest());
            }
        }

        private byte[] message() {
            return bytes(random.nextInt(10) == 0 ? random.nextInt(FRAME_BYTES_MAX - 13 + 1) : random.nextInt(40));
        }

        private void submit() {
            long id = random.nextLong();
            byte[] message = message();
            send(2, id, message);
            if (over) {
                return;
            }
            if (!introduced) {
                expect(0x82, id, 2);
                fatal(Counter.ERROR_NOT_INTRODUCED);
                return;
            }
            read(message);
            count(Counter.ACKS, 1);
            count(Counter.STORED, 1);
            expect(0x82, id, 0);
        }

        private void read(byte[] message) {
            count(Counter.SUBMITS, 1);
            count(Counter.SUBMIT_BYTES, message.length);
        }

        private void once(long number) {
            if (introduced && !resumed && random.nextInt(10) > 0) {
                resume(0);
                return;
            }
            byte[] message = message();
            send(3, number, message);
            if (over) {
                return;
            }
            if (!introduced || !resumed) {
                expect(0x83, number, 2);
                fatal(introduced ? Counter.ERROR_NOT_RESUMED : Counter.ERROR_NOT_INTRODUCED);
            } else if (number == 0) {
                expect(0x83, number, 1);
                fatal(Counter.ERROR_MALFORMED);
            } else {
                read(message);
                long next = highest() + 1;
                int order = Long.compareUnsigned(number, next);
                expect(0x83, number, order > 0 ? Result.OUT_OF_SEQUENCE : 0);
                count(order > 0 ? Counter.ACKS_OUT_OF_SEQUENCE : Counter.ACKS, 1);
                if (order == 0) {
                    kept.put(name, next);
                    count(Counter.STORED, 1);
                } else if (order < 0) {
                    count(Counter.REPEATS, 1);
                }
            }
        }

        /** The stream ends within a frame. */
        private void cut() {
            byte[] whole = ByteBuffer.allocate(33).putInt(33).put((byte) 2).array();
            sent.write(whole, 0, random.nextInt(1, whole.length));
            fatal(Counter.ERROR_TRUNCATED);
        }

        /** Plays it: sends all in pieces of chance, half-closes, and reads all answers and the end. */
        void check(int port) throws IOException {
            try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setTcpNoDelay(true);
                socket.setSoTimeout(60_000);
                byte[] all = sent.toByteArray();
                for (int at = 0; at < all.length; ) {
                    int length = Math.min(
                            all.length - at, random.nextInt(4) == 0 ? random.nextInt(1, 16) : random.nextInt(1, 9000));
                    socket.getOutputStream().write(all, at, length);
                    at += length;
                }
                socket.shutdownOutput();
                Map<String, Integer> got = new TreeMap<>();
                byte[] answered = socket.getInputStream().readAllBytes();
                for (int at = 0; at < answered.length; ) {
                    int length = ByteBuffer.wrap(answered, at, 4).getInt();
                    got.merge(HEX.formatHex(answered, at, at + length), 1, Integer::sum);
                    at += length;
                }
                assertThat(got).isEqualTo(answers);
            } catch (IOException | RuntimeException | AssertionError failed) {
                throw new AssertionError("-Dtest.frames.seed=" + seed + ": " + failed.getMessage(), failed);
            }
        }
    }
}
