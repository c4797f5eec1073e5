package heddle.net;

import static heddle.net.Streams.readExactly;
import static heddle.net.Streams.readToEnd;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.socket.Errno;
import heddle.testing.Behaviour;
import heddle.testing.Scenario;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** One connection, many threads. */
@Ways
class SharingTest {

    private static final int THREADS = 8;

    @Test
    @Scenario("C1")
    @Tag("thorough")
    void packetsOfManyWritersNeverInterleave() throws Exception {
        try (var pair = ConnPair.tcpWithBuffers(20_000)) { // so that a packet takes many calls
            long seed = System.nanoTime();
            List<Task<Void>> writers = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                byte id = (byte) i;
                writers.add(Task.run(() -> {
                    var random = new Random(seed + id);
                    for (int packet = 0; packet < 25; packet++) {
                        byte[] bytes = packet(id, packet, random.nextInt(60_000));
                        if (random.nextBoolean()) {
                            pair.left().write(bytes);
                        } else {
                            pair.left().write(inTwo(bytes));
                        }
                    }
                }));
            }
            int[] next = new int[THREADS];
            for (int i = 0; i < THREADS * 25; i++) {
                ByteBuffer head = ByteBuffer.wrap(readExactly(pair.right(), 9));
                byte id = head.get();
                assertThat(head.getInt()).as("packet of %d, seed %d", id, seed).isEqualTo(next[id]++);
                byte[] body = readExactly(pair.right(), head.getInt());
                for (byte b : body) {
                    if (b != id) {
                        throw new AssertionError("byte of " + b + " in a packet of " + id);
                    }
                }
            }
            for (Task<Void> writer : writers) {
                writer.result();
            }
        }
    }

    /** Writer (1 byte), number (4), length of the rest (4), and that many times the writer. */
    private static byte[] packet(byte id, int number, int length) {
        byte[] packet = new byte[9 + length];
        Arrays.fill(packet, id);
        ByteBuffer.wrap(packet).put(id).putInt(number).putInt(length);
        return packet;
    }

    /** A gathering write of one packet is one call as well. */
    private static ByteBuffer[] inTwo(byte[] packet) {
        ByteBuffer direct = ByteBuffer.allocateDirect(packet.length - 9);
        direct.put(packet, 9, packet.length - 9).flip();
        return new ByteBuffer[] {ByteBuffer.wrap(packet, 0, 9), direct};
    }

    /**
     * Who has written asks again at once: it must come after those who wait, also where each write has to wait. How
     * often each is there to ask, the schedulers decide.
     */
    @Test
    void writersTakeTurns() throws Exception {
        int messageBytes = 1 << 10;
        int rounds = 10;
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            List<Task<Void>> writers = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                byte[] message = new byte[messageBytes];
                Arrays.fill(message, (byte) i);
                writers.add(Task.run(() -> {
                    while (true) {
                        pair.left().write(message);
                    }
                }));
            }
            Parked.awaitQueuedWriters(pair.left(), THREADS - 1);
            // What the first had written alone fills the buffers. Once it is read, all have their turns.
            for (int round = 1; round <= rounds; round++) {
                boolean[] hadATurn = new boolean[THREADS];
                int left = THREADS;
                for (int at = 0; left > 0; at++) {
                    assertThat(at)
                            .as("messages before each has had a turn in round %d", round)
                            .isLessThan(4_000);
                    byte id = readExactly(pair.right(), messageBytes)[0];
                    left -= hadATurn[id] ? 0 : 1;
                    hadATurn[id] = true;
                }
            }
            pair.left().close();
            for (Task<Void> writer : writers) {
                writer.failure(ConnClosedException.class);
            }
        }
    }

    @Test
    @Scenario("C2")
    void packetsWrittenInTwoCallsMayInterleave() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.left().write(ascii("head1 "));
            Task.run(() -> {
                        pair.left().write(ascii("head2 "));
                        pair.left().write(ascii("body2 "));
                    })
                    .result();
            pair.left().write(ascii("body1 "));
            byte[] got = readExactly(pair.right(), 24);
            assertThat(got).asString(StandardCharsets.US_ASCII).isEqualTo("head1 head2 body2 body1 ");
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    @Scenario("C3")
    void smallBufferSplitsAPacketBetweenReaders() throws Exception {
        try (var pair = ConnPair.tcp()) {
            byte[] first = new byte[4];
            byte[] second = new byte[4];
            Task<Integer> one = Task.start(() -> pair.left().read(first));
            Parked.awaitReader(pair.left());
            Task<Integer> other = Task.start(() -> pair.left().read(second));
            Parked.awaitQueuedReaders(pair.left(), 1);
            pair.right().write(ascii("world"));
            assertThat(one.result()).isEqualTo(4);
            assertThat(other.result()).isEqualTo(1);
            assertThat(first).isEqualTo(ascii("worl"));
            assertThat(second).startsWith('d');
        }
    }

    @Test
    @Scenario("C3")
    void manyReadersLoseAndDoubleNothing() throws Exception {
        try (var pair = ConnPair.tcp()) {
            int total = 1_000_000;
            List<Task<int[]>> readers = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int size = 100 + 37 * i;
                readers.add(Task.start(() -> countBytes(pair.right(), size)));
            }
            byte[] all = new byte[total];
            int[] sent = new int[251];
            for (int i = 0; i < total; i++) {
                all[i] = (byte) (i % 251);
                sent[i % 251]++;
            }
            pair.left().write(all);
            pair.left().close();
            int[] got = new int[251];
            for (Task<int[]> reader : readers) {
                Arrays.setAll(got, at -> got[at] + resultOf(reader)[at]);
            }
            assertThat(got).isEqualTo(sent);
        }
    }

    private static int[] resultOf(Task<int[]> reader) {
        try {
            return reader.result();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** How often this reader got each value; what one read returns must be an unbroken piece of the stream. */
    private static int[] countBytes(Conn conn, int bufferBytes) throws IOException {
        int[] counts = new int[251];
        byte[] buffer = new byte[bufferBytes];
        for (int n; (n = conn.read(buffer)) >= 0; ) {
            for (int i = 0; i < n; i++) {
                counts[buffer[i] & 0xff]++;
                if (i > 0 && (buffer[i] & 0xff) != ((buffer[i - 1] & 0xff) + 1) % 251) {
                    throw new AssertionError("a hole in what one read returned");
                }
            }
        }
        return counts;
    }

    @Test
    @Scenario("C4")
    void secondReaderAndSecondWriterWaitTheirTurn() throws Exception {
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            Task<byte[]> reader = Task.start(() -> readExactly(pair.left(), 1));
            Parked.awaitReader(pair.left());
            Task<byte[]> secondReader = Task.start(() -> readExactly(pair.left(), 1));
            Parked.awaitQueuedReaders(pair.left(), 1);

            byte[] large = new byte[1 << 20];
            Task<Integer> writer = Task.start(() -> pair.left().write(large));
            Parked.awaitWriter(pair.left());
            Task<Integer> secondWriter = Task.start(() -> pair.left().write(new byte[] {9}));
            Parked.awaitQueuedWriters(pair.left(), 1);

            pair.right().write(new byte[] {1});
            assertThat(reader.result()).as("beside a parked writer").containsExactly(1);
            pair.right().write(new byte[] {2});
            assertThat(secondReader.result()).containsExactly(2);
            assertThat(readExactly(pair.right(), large.length)).isEqualTo(large);
            assertThat(readExactly(pair.right(), 1)).containsExactly(9);
            writer.result();
            secondWriter.result();
        }
    }

    @Test
    @Scenario({"C4", "E4"})
    @Behaviour(136)
    void closeAmongReadersAndWritersEndsEachWithItsOwnError() throws Exception {
        for (int round = 0; round < 100; round++) {
            try (var pair = ConnPair.tcp()) {
                List<Task<Void>> users = new ArrayList<>();
                for (int i = 0; i < 2; i++) {
                    users.add(Task.run(() -> Streams.writeForEver(pair.left(), new byte[10_000])));
                    users.add(Task.run(() -> readForEver(pair.left())));
                }
                Task<byte[]> peer = Task.start(() -> readToEnd(pair.right()));
                pair.right().write(new byte[round * 100]);
                pair.left().close();
                for (Task<Void> user : users) {
                    assertThat(user.failure(ConnClosedException.class).errno()).isZero();
                }
                checkPeer(peer);
            }
        }
    }

    private static void readForEver(Conn conn) throws IOException {
        while (true) {
            assertThat(conn.read(new byte[100])).isPositive();
        }
    }

    /** The peer sees the end, or a reset if it had sent what nobody read. */
    private static void checkPeer(Task<byte[]> peer) throws Exception {
        try {
            peer.result();
        } catch (ConnResetException e) {
            assertThat(e.errno()).isEqualTo(Errno.ECONNRESET);
        }
    }
}
