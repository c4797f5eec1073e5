package heddle.lab;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** W: writing. */
final class Writing {

    private static final int CHUNK = 65_536;
    private static final int DRAIN = 60_000;

    static final List<Situation> ALL = List.of(
            Situation.of(
                            "W1",
                            "write while the peer does not read",
                            "Writes of 65,536 bytes succeed until both kernels' buffers are"
                                    + " full, then one waits; each time the peer has drained"
                                    + " enough, writes go on.",
                            """
                                    A write is done when its bytes are in the own kernel's send buffer. The kernel sends them until the peer's receive buffer \
                                    is full and its window closed; then its own buffer fills up, and send(2) answers EAGAIN: backpressure, from the reader \
                                    back to the writer, without any code. Sizes are this kernel's (tcp_wmem, tcp_rmem: least, first and largest; the send buffer \
                                    grows by itself). Linux calls a socket writable again only when a third of its send buffer is free, and the \
                                    receiver opens its window in large steps: so it may take several reads of 60,000 bytes until the writer goes on.
                                    """)
                    .shapedBy(
                            "net.ipv4.tcp_wmem",
                            "net.ipv4.tcp_rmem",
                            "net.core.wmem_max",
                            "net.core.rmem_max",
                            "net.ipv4.tcp_adv_win_scale")
                    .played(Writing::fullBuffers, Writing::judgeFullBuffers),
            Situation.of(
                            "W2",
                            "the peer dies while a write waits",
                            "The write fails with the exact number of bytes that had gone"
                                    + " into the kernel, and broken pipe or connection reset by"
                                    + " peer; those bytes were never received, and the caller"
                                    + " can tell.",
                            """
                                    One write call of the program may take many of the kernel: Heddle sends what fits and waits for room for the rest. \
                                    When the peer's process dies with unread data in its kernel, that kernel sends a reset, and everything in both \
                                    buffers is lost. The failed write tells how far it got, so a program knows which bytes may have arrived and which \
                                    cannot have. That a byte went into the kernel never means that the peer's program has read it: only an answer says that.
                                    """)
                    .shapedBy("net.ipv4.tcp_wmem", "net.ipv4.tcp_rmem")
                    .played(Writing::peerDies, Writing::judgePeerDies),
            Situation.of(
                            "W3",
                            "write with a deadline",
                            "i/o timeout, with the exact partial count; every later write"
                                    + " fails until the deadline is moved.",
                            """
                                    Bytes that are in the kernel cannot be taken back, so a write that its deadline ends has sent a part. The count tells which: \
                                    the program can go on from there once the deadline is moved, or close. java.net.Socket has no write timeout at all. A deadline \
                                    of 10 microseconds may pass before the first byte is handed over: then the count is 0.
                                    """)
                    .shapedBy("net.ipv4.tcp_wmem", "net.ipv4.tcp_rmem")
                    .played(Writing::deadline, Writing::judgeDeadline));

    private static final Duration TINY = Duration.ofNanos(10_000);
    private static final Duration SHORT = Duration.ofMillis(100);
    private static final int LARGE = 32 << 20;

    /** How often the writer must be seen to go on. */
    private static final int ROUNDS = 3;

    private Writing() {}

    private static void fullBuffers(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        var enough = new AtomicBoolean();
        var written = new AtomicLong();
        Stage.Actor<Boolean> writer = stage.start(() -> {
            while (!enough.get() && !pair.client().write(new byte[CHUNK]).failed()) {
                written.incrementAndGet();
            }
            pair.client().closeWrite();
            return true;
        });
        for (int round = 0; round < ROUNDS; round++) {
            writer.awaitParked();
            stage.awaitQuiet();
            for (long before = written.get(); written.get() == before; ) {
                pair.server().readFully(DRAIN);
                stage.pause(10);
            }
        }
        enough.set(true);
        pair.server().readToEnd();
        writer.join();
    }

    private static void judgeFullBuffers(Trace trace, Sights sights) {
        Call drain = trace.call("server", "readFully");
        List<Call> writes = trace.calls("client", "write");
        List<Call> before = writes.stream()
                .filter(write -> write.endNanos() < drain.beginNanos())
                .toList();
        List<Call> waiting = waitingAt(writes, drain);
        sights.see(
                "%d writes succeeded, %s bytes in all, though the peer read nothing"
                        .formatted(before.size(), Numbers.count(Trace.sum(before))),
                !before.isEmpty() && before.stream().allMatch(write -> write.n() == CHUNK));
        sights.see(
                "then one write waited for "
                        + (waiting.isEmpty()
                                ? "-"
                                : Numbers.time(waiting.getFirst().nanos())),
                waiting.size() == 1 && waiting.getFirst().n() == CHUNK);
        List<Call> waits = writes.stream()
                .filter(write -> trace.calls("server", "readFully").stream().anyMatch(write::spansTheBeginningOf))
                .toList();
        sights.see(
                "%d writes waited, and each went on once the peer had drained enough".formatted(waits.size()),
                waits.size() >= ROUNDS && waits.stream().noneMatch(Call::failed));
        long sent = Trace.sum(writes);
        long received = Trace.sum(trace.calls("server", "readFully"))
                + trace.call("server", "readToEnd").n();
        sights.see(
                "the peer read %s of %s bytes written".formatted(Numbers.count(received), Numbers.count(sent)),
                sent == received);
    }

    private static List<Call> waitingAt(List<Call> calls, Call moment) {
        return calls.stream().filter(call -> call.spansTheBeginningOf(moment)).toList();
    }

    private static void peerDies(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        Stage.Actor<Boolean> writer = stage.start(() -> {
            while (!pair.client().write(new byte[CHUNK]).failed()) {}
            return true;
        });
        writer.awaitParked();
        stage.awaitQuiet();
        pair.server().lingerZero();
        pair.server().close();
        writer.join();
        pair.client().write("more");
    }

    private static void judgePeerDies(Trace trace, Sights sights) {
        Call death = trace.call("server", "close");
        List<Call> writes = trace.calls("client", "write(" + CHUNK + ")");
        List<Call> done = writes.stream().filter(write -> !write.failed()).toList();
        List<Call> failed = writes.stream().filter(Call::failed).toList();
        Call cut = failed.isEmpty() ? writes.getLast() : failed.getFirst();
        sights.see(
                "the write that waited failed: " + cut.outcome(),
                failed.size() == 1 && cut.spansTheBeginningOf(death) && isReset(cut));
        long held = trace.lastBefore(Stage.TO_SERVER, death.beginNanos()).held();
        long taken = Trace.sum(done) + cut.n();
        sights.see(
                "its count is exact: %s bytes written in whole and %s of this one are the %s that the two kernels held"
                        .formatted(Numbers.count(Trace.sum(done)), Numbers.count(cut.n()), Numbers.count(held)),
                taken == held);
        sights.see(
                "the peer had read none of them: %s bytes are lost".formatted(Numbers.count(taken)),
                trace.calls("server", "read").isEmpty() && taken > 0);
        Call later = trace.call("client", "write(4)");
        sights.see("a later write fails too: " + later.outcome(), isReset(later));
    }

    static boolean isReset(Call call) {
        return call.error().endsWith("broken pipe") || call.error().endsWith("connection reset by peer");
    }

    private static void deadline(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        End client = pair.client();
        byte[] large = new byte[LARGE];
        client.setWriteDeadline(TINY);
        client.write(large);
        client.setWriteDeadline(SHORT);
        client.write(large);
        client.write("late");
        client.write("late");
        Stage.Actor<Call> reader = stage.start(() -> pair.server().readToEnd());
        client.clearWriteDeadline();
        client.write("now");
        client.closeWrite();
        reader.join();
    }

    private static void judgeDeadline(Trace trace, Sights sights) {
        List<Call> large = trace.calls("client", "write(" + LARGE + ")");
        List<String> counts = new ArrayList<>();
        large.forEach(write -> counts.add(Numbers.count(write.n())));
        sights.see(
                "the two writes of %s bytes failed at their deadlines, after %s bytes: %s"
                        .formatted(
                                Numbers.count(LARGE),
                                String.join(" and ", counts),
                                large.isEmpty() ? "" : large.getFirst().error()),
                large.size() == 2 && large.stream().allMatch(Reading::isTimeout));
        List<Call> late = trace.calls("client", "write(4)");
        sights.see(
                "later writes failed with 0 bytes",
                late.size() == 2 && late.stream().allMatch(write -> Reading.isTimeout(write) && write.n() == 0));
        Call now = trace.call("client", "write(3)");
        sights.see("with the deadline cleared, a write succeeded", now.n() == 3 && !now.failed());
        long told = Trace.sum(large) + Math.max(0, now.n());
        long received = trace.call("server", "readToEnd").n();
        sights.see(
                "the counts are exact: the peer read %s bytes, they say %s"
                        .formatted(Numbers.count(received), Numbers.count(told)),
                received == told);
    }
}
