package heddle.lab;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** R: reading. */
final class Reading {

    static final List<Situation> ALL = List.of(
            Situation.of(
                            "R1",
                            "read while there is no data",
                            "The reads park their threads only: other threads run on the same carriers meanwhile.",
                            """
                                    A socket of Heddle's is non-blocking underneath. recv(2) on an empty receive buffer answers EAGAIN at once, and \
                                    Heddle parks the virtual thread until the poller hears from the kernel that bytes have arrived. The carrier, the \
                                    platform thread below, is free as soon as its virtual thread is parked. To show it, twice as many reads wait here \
                                    as the machine has processors: if each held its carrier, none would be left for anybody else.
                                    """)
                    .shapedBy("net.ipv4.tcp_rmem")
                    .played(Reading::noData, Reading::judgeNoData),
            Situation.of(
                            "R2",
                            "read some data: the peer wrote 2 bytes, the buffer holds 10",
                            "read returns 2 at once; it never waits to fill the buffer.",
                            """
                                    TCP carries a stream of bytes without boundaries. recv(2) gives what has arrived, at most what the buffer holds. \
                                    A read that waited for a full buffer could wait for ever, as a peer that expects an answer sends no more. Who needs \
                                    exactly n bytes reads in a loop.
                                    """)
                    .shapedBy("net.ipv4.tcp_rmem")
                    .played(Reading::someData, Reading::judgeSomeData),
            Situation.of(
                            "R3",
                            "read enough data: the peer wrote 15 bytes, the buffer holds 10",
                            "read returns 10; the next read returns the 5 that are left.",
                            """
                                    What does not fit stays in the kernel's receive buffer, and the next read begins there: one write of the peer may \
                                    come out of two reads, and two writes out of one. That is why protocols on TCP carry lengths or delimiters of their own.
                                    """)
                    .shapedBy("net.ipv4.tcp_rmem")
                    .played(Reading::enoughData, Reading::judgeEnoughData),
            Situation.of(
                            "R4",
                            "read with a deadline",
                            "When the instant passes, read fails with i/o timeout, and so"
                                    + " does every later read, even with data there, until the"
                                    + " deadline is moved; then the connection goes on and"
                                    + " nothing is lost.",
                            """
                                    A deadline is an instant, not a length of time: it bounds a whole conversation however many reads that takes, and need \
                                    not be set anew for each. It is Heddle's own: the kernel knows nothing of it, so a read that it ends has \
                                    taken nothing out of the receive buffer. The data that arrived meanwhile waits there for the next read after the \
                                    deadline has been moved.
                                    """)
                    .shapedBy("net.ipv4.tcp_rmem")
                    .played(Reading::deadline, Reading::judgeDeadline));

    private static final Duration SOON = Duration.ofMillis(50);
    private static final int OTHERS = 100;

    private Reading() {}

    private static void noData(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        int readers = 2 * Runtime.getRuntime().availableProcessors();
        List<Stage.Actor<Call>> waiting = new ArrayList<>();
        waiting.add(stage.start(() -> pair.server().read(10)));
        waiting.getFirst().awaitParked();
        List<End> clients = new ArrayList<>();
        for (int i = 1; i < readers; i++) {
            var client = stage.side("client").dial(pair.listener().address().toString());
            clients.add(new End(stage, "client", client));
            End server = new End(stage, "server", stage.side("server").accept(pair.listener()));
            waiting.add(stage.start(() -> server.read(10)));
            waiting.getLast().awaitParked();
        }
        stage.fact("readers", readers);
        stage.fact("processors", Runtime.getRuntime().availableProcessors());
        stage.side("others").act("run " + OTHERS + " threads", () -> runOthers(stage));
        pair.client().write("hi");
        for (End client : clients) {
            client.write("hi");
        }
        for (Stage.Actor<Call> reader : waiting) {
            reader.join();
        }
    }

    private static long runOthers(Stage stage) {
        var left = new CountDownLatch(OTHERS);
        for (int i = 0; i < OTHERS; i++) {
            stage.start(() -> {
                left.countDown();
                return true;
            });
        }
        try {
            left.await();
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        }
        return OTHERS - left.getCount();
    }

    private static void judgeNoData(Trace trace, Sights sights) {
        Call others = trace.call("others", "run");
        Call write = trace.call("client", "write");
        List<Call> reads = trace.calls("server", "read");
        long waited =
                reads.stream().filter(read -> read.spansTheBeginningOf(write)).count();
        long held = reads.stream()
                .filter(read -> read.beginNanos() <= others.beginNanos())
                .filter(read -> read.endNanos() >= others.endNanos())
                .count();
        sights.see(
                "%d reads waited until the peer wrote; the machine has %d processors"
                        .formatted(waited, trace.fact("processors")),
                waited == trace.fact("readers") && waited > trace.fact("processors"));
        sights.see(
                "%d other threads ran while %d reads waited, within %s"
                        .formatted(others.n(), held, Numbers.time(others.nanos())),
                others.n() == OTHERS && held == trace.fact("readers"));
        sights.see(
                "each read returned the 2 bytes",
                reads.stream().allMatch(read -> read.n() == 2 && read.text().equals("\"hi\"")));
    }

    private static void someData(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        pair.client().write("hi");
        pair.server().read(10);
    }

    private static void judgeSomeData(Trace trace, Sights sights) {
        Call read = trace.call("server", "read");
        sights.see(
                "read(10) returned %d bytes, %s".formatted(read.n(), read.text()),
                read.n() == 2 && read.text().equals("\"hi\""));
        sights.see(
                "it returned after %s though nobody wrote any more".formatted(Numbers.time(read.nanos())),
                trace.calls("client", "write").size() == 1 && !read.failed());
    }

    private static void enoughData(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        pair.client().write("0123456789abcde");
        stage.awaitUnread(15);
        pair.server().read(10);
        pair.server().read(10);
    }

    private static void judgeEnoughData(Trace trace, Sights sights) {
        Call first = trace.call("server", "read", 0);
        Call second = trace.call("server", "read", 1);
        sights.see(
                "the first read(10) returned %d bytes, %s".formatted(first.n(), first.text()),
                first.text().equals("\"0123456789\""));
        sights.see(
                "the second returned the rest, %d bytes, %s".formatted(second.n(), second.text()),
                second.text().equals("\"abcde\""));
    }

    private static void deadline(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        End server = pair.server();
        server.setReadDeadline(SOON);
        server.read(10);
        server.read(10);
        pair.client().write("late");
        stage.awaitUnread(4);
        server.read(10);
        server.clearReadDeadline();
        server.read(10);
    }

    private static void judgeDeadline(Trace trace, Sights sights) {
        Call set = trace.call("server", "setReadDeadline");
        Call first = trace.call("server", "read", 0);
        long waited = first.endNanos() - set.endNanos();
        sights.see(
                "read failed %s after the deadline of %s was set: %s"
                        .formatted(Numbers.time(waited), Numbers.time(SOON.toNanos()), first.error()),
                isTimeout(first) && first.endNanos() - set.beginNanos() >= SOON.toNanos());
        Call second = trace.call("server", "read", 1);
        sights.see("the next read failed likewise, at once", isTimeout(second));
        Call third = trace.call("server", "read", 2);
        sights.see(
                "so did the read after the peer had written",
                isTimeout(third)
                        && third.beginNanos() > trace.call("client", "write").endNanos());
        Call last = trace.call("server", "read", 3);
        sights.see(
                "with the deadline cleared, read returned %s: nothing was lost".formatted(last.text()),
                last.text().equals("\"late\""));
    }

    static boolean isTimeout(Call call) {
        return call.timeout() && call.error().endsWith(": i/o timeout");
    }
}
