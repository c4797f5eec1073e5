package heddle.lab;

import heddle.net.Conn;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;

/** C: sharing a connection between threads. */
final class Sharing {

    private static final int WRITERS = 4;
    private static final int PACKETS = 3;

    /** Larger than the kernel's buffers at first, so that each write takes many system calls. */
    private static final int PACKET = 3 << 20;

    static final List<Situation> ALL = List.of(
            Situation.of(
                            "C1",
                            "many threads write whole packets to one connection",
                            "Each write call is atomic however many system calls it takes:"
                                    + " packets never interleave.",
                            """
                                    The kernel promises nothing of the kind: a non-blocking send(2) takes what fits, and between two of them another thread's bytes may \
                                    come. Heddle's descriptor lock has a write side, which a write call holds until all its bytes are handed over; other \
                                    writers queue for it, parked. Here each packet is larger than the send buffer, so that every write has to wait several times.
                                    """)
                    .shapedBy("net.ipv4.tcp_wmem")
                    .played(Sharing::wholePackets, Sharing::judgeWholePackets),
            Situation.of(
                            "C2",
                            "one packet written in two calls by several threads",
                            "Packets may interleave: what is promised is the atomicity of"
                                    + " one call, and the documentation of Conn says so.",
                            """
                                    A header in one call and its body in a second one is the mistake that works in every test with one client. Between the two \
                                    calls nobody holds the lock. Here each thread writes its body only after all have written their headers, so that the bad \
                                    case comes about each time. Conn says so: two write calls that belong together may be torn apart by a third thread's. \
                                    Put both into one buffer, or hand both buffers over in one call: write(ByteBuffer[]).
                                    """)
                    .played(Sharing::tornPackets, Sharing::judgeTornPackets),
            Situation.of(
                            "C3",
                            "many threads read one connection",
                            "No byte is delivered twice or lost; a small buffer may split a packet: worl, d.",
                            """
                                    Readers take turns under the read side of the descriptor lock, and each recv(2) takes bytes out of the receive buffer \
                                    for good, so every byte goes to exactly one reader. Which one gets what is chance, and nothing keeps a packet together: \
                                    a connection with several readers is of use only where every byte is a message.
                                    """)
                    .shapedBy("net.ipv4.tcp_rmem")
                    .played(Sharing::manyReaders, Sharing::judgeManyReaders),
            Situation.of(
                            "C4",
                            "the descriptor lock",
                            "Reads are serialised, and writes; a write never waits for a"
                                    + " read; a close ends all that wait.",
                            """
                                    One word for each descriptor holds a read lock, a write lock, a count of users and a closed mark. A reader that waits for \
                                    data holds the read lock, so a second reader queues behind it; a writer does not care. close marks the word, wakes everybody, \
                                    and the last one out closes the number: so it cannot happen that a number is closed and given to a new connection while an \
                                    old call still uses it.
                                    """)
                    .played(Sharing::lock, Sharing::judgeLock));

    private Sharing() {}

    private static void wholePackets(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        List<Stage.Actor<Boolean>> writers = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            End end = pair.client().as("writer " + (i + 1));
            byte[] packet = new byte[PACKET];
            Arrays.fill(packet, (byte) ('A' + i));
            writers.add(stage.start(() -> {
                for (int n = 0; n < PACKETS; n++) {
                    end.write(packet);
                }
                return true;
            }));
        }
        var switches = new long[2];
        Stage.Actor<Call> reader = stage.start(() ->
                stage.side("server").act("readToEnd", () -> countSwitches(pair.server().conn, switches)));
        for (Stage.Actor<Boolean> writer : writers) {
            writer.join();
        }
        pair.client().closeWrite();
        reader.join();
        stage.fact("torn", switches[0]);
    }

    /**
     * Reads to the end: how many bytes. {@code torn[0]} becomes the number of changes from one writer's bytes to
     * another's inside a packet.
     */
    private static long countSwitches(Conn conn, long[] torn) throws IOException {
        byte[] buffer = new byte[64 << 10];
        long at = 0;
        byte last = 0;
        for (int n; (n = conn.read(buffer)) > 0; ) {
            for (int i = 0; i < n; i++, at++) {
                if (buffer[i] != last && at % PACKET != 0) {
                    torn[0]++;
                }
                last = buffer[i];
            }
        }
        return at;
    }

    private static void judgeWholePackets(Trace trace, Sights sights) {
        long packets = 0;
        long overlapping = 0;
        List<Call> all = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            all.addAll(trace.calls("writer " + (i + 1), "write"));
        }
        for (Call write : all) {
            packets += !write.failed() && write.n() == PACKET ? 1 : 0;
            overlapping +=
                    all.stream().anyMatch(other -> !other.equals(write) && other.spansTheBeginningOf(write)) ? 1 : 0;
        }
        sights.see(
                "%d packets of %s bytes were written whole, %d of them while another write was under way"
                        .formatted(packets, Numbers.count(PACKET), overlapping),
                packets == WRITERS * PACKETS && overlapping > 0);
        sights.see(
                "the reader got %s bytes and found %d packets torn"
                        .formatted(
                                Numbers.count(trace.call("server", "readToEnd").n()), trace.fact("torn")),
                trace.fact("torn") == 0 && trace.call("server", "readToEnd").n() == (long) WRITERS * PACKETS * PACKET);
    }

    private static void tornPackets(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        var headers = new CountDownLatch(2);
        List<Stage.Actor<Boolean>> writers = new ArrayList<>();
        for (int i = 1; i <= 2; i++) {
            End end = pair.client().as("writer " + i);
            int id = i;
            writers.add(stage.start(() -> {
                end.write("head" + id + " ");
                headers.countDown();
                headers.await();
                end.write("body" + id + " ");
                return true;
            }));
        }
        for (Stage.Actor<Boolean> writer : writers) {
            writer.join();
        }
        stage.awaitUnread(24);
        pair.server().read(24);
    }

    private static void judgeTornPackets(Trace trace, Sights sights) {
        Call read = trace.call("server", "read");
        String text = read.text();
        sights.see(
                "the reader got %s: a head is followed by another's".formatted(text),
                text.matches("\"head(1 head2|2 head1) body(1 body2|2 body1) \""));
        sights.see(
                "no call was torn in itself",
                List.of("head1 ", "head2 ", "body1 ", "body2 ").stream().allMatch(text::contains));
    }

    private static void manyReaders(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        Queue<byte[]> got = new ConcurrentLinkedQueue<>();
        List<Stage.Actor<Boolean>> readers = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            End end = pair.server().as("reader " + i);
            readers.add(stage.start(() -> {
                while (end.read(4, got::add).n() > 0) {}
                return true;
            }));
            readers.getLast().awaitParked();
        }
        for (int i = 0; i < 6; i++) {
            pair.client().write("world");
        }
        pair.client().closeWrite();
        for (Stage.Actor<Boolean> reader : readers) {
            reader.join();
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        got.forEach(all::writeBytes);
        byte[] sorted = all.toByteArray();
        Arrays.sort(sorted);
        byte[] want = "world".repeat(6).getBytes(StandardCharsets.US_ASCII);
        Arrays.sort(want);
        stage.fact("as written", Arrays.equals(sorted, want) ? 1 : 0);
    }

    private static void judgeManyReaders(Trace trace, Sights sights) {
        List<Call> reads = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            reads.addAll(trace.calls("reader " + i, "read"));
        }
        long written = Trace.sum(trace.calls("client", "write"));
        sights.see(
                "%d bytes were written and %d delivered, each letter as often as it was written"
                        .formatted(written, Trace.sum(reads)),
                written == Trace.sum(reads) && trace.fact("as written") == 1);
        List<String> pieces =
                reads.stream().filter(read -> read.n() > 0).map(Call::text).toList();
        sights.see(
                "packets of 5 bytes came in pieces of at most 4: " + String.join(" ", pieces),
                pieces.size() >= 8 && reads.stream().allMatch(read -> read.n() <= 4));
        sights.see(
                "each reader saw the end of the stream",
                reads.stream().filter(Call::isEndOfStream).count() == 3);
    }

    private static void lock(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        End first = pair.server().as("reader 1");
        End second = pair.server().as("reader 2");
        Stage.Actor<Call> one = stage.start(() -> first.read(10));
        one.awaitParked();
        Stage.Actor<Call> two = stage.start(() -> second.read(10));
        two.awaitParked();
        pair.server().write("out");
        pair.client().read(10);
        pair.client().write("in");
        stage.until("one reader has it", () -> one.hasEnded() || two.hasEnded());
        pair.server().close();
        one.join();
        two.join();
    }

    private static void judgeLock(Trace trace, Sights sights) {
        Call one = trace.call("reader 1", "read");
        Call two = trace.call("reader 2", "read");
        Call out = trace.call("server", "write");
        Call in = trace.call("client", "write");
        Call close = trace.call("server", "close");
        sights.see(
                "a write went through, in %s, while two reads waited".formatted(Numbers.time(out.nanos())),
                out.n() == 3
                        && one.spansTheBeginningOf(out)
                        && two.spansTheBeginningOf(out)
                        && trace.call("client", "read").text().equals("\"out\""));
        sights.see(
                "what the peer wrote went to one of the two: %s, %s".formatted(one.outcome(), two.outcome()),
                (one.n() == 2) != (two.n() == 2) && one.spansTheBeginningOf(in) && two.spansTheBeginningOf(in));
        Call evicted = one.failed() ? one : two;
        sights.see(
                "the other waited on until close: " + evicted.outcome(),
                evicted.spansTheBeginningOf(close) && evicted.error().endsWith("use of closed network connection"));
    }
}
