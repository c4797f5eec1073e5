package heddle.lab;

import heddle.net.Dialer;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.TcpConn;
import heddle.net.Way;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** P: the netpoller. */
final class Polling {

    private static final Duration BUSY = Duration.ofMillis(1_500);
    private static final int ROUND_TRIPS = 100;

    static final List<Situation> ALL = List.of(
            Situation.of(
                            "P1",
                            "Linux: epoll",
                            "epoll, edge-triggered; the descriptor is registered once, and"
                                    + " stays so over many waits.",
                            """
                                    epoll(7) keeps the interest in the kernel: a descriptor is added once, and each wait then costs nothing for those where \
                                    nothing happens. Edge-triggered means that the kernel reports a change, not a state, and that nobody has to take the \
                                    interest back while a program is busy. The JDK's own poller for virtual threads registers anew for every wait: one more system call each \
                                    time. What the kernel has registered stands in /proc/self/fdinfo, where this play reads it.
                                    """)
                    .played(Polling::epoll, Polling::judgeEpoll),
            otherSystem(
                    "P2",
                    "macOS, FreeBSD: kqueue",
                    "kqueue, EV_CLEAR.",
                    "kqueue(2) with EV_CLEAR is the edge-triggered counterpart of epoll on the BSDs."),
            otherSystem(
                    "P3",
                    "Windows: the portable backend",
                    "The JDK's Selector, which stands on wepoll there.",
                    "Windows tells completion, not readiness; wepoll makes readiness of it"
                            + " for the JDK's Selector."),
            otherSystem(
                    "P4",
                    "anything else: the portable backend",
                    "The JDK's Selector. -Dheddle.way=nio runs it on any system.",
                    "Solaris and illumos have event ports, AIX has pollset: the JDK's Selector stands on them."),
            Situation.of(
                            "P5",
                            "as many busy loops as processors",
                            "A virtual thread that computes without end does not stop the others' network.",
                            """
                                    A virtual thread gives its carrier back only when it waits: nobody can take it away. With as many endless computations as \
                                    carriers, nothing else runs, and the JDK's scheduler leaves it at that. Heddle's own does as Go's does: a \
                                    monitor sees that a carrier has been with one task for 10 ms, and hands its processor, with queue and poller, to a spare carrier. The \
                                    operating system then shares the processors out between the loops and the network.
                                    """)
                    .played(Polling::busyLoops, Polling::judgeBusyLoops));

    private Polling() {}

    private static Situation otherSystem(String id, String title, String lookFor, String explanation) {
        return Situation.of(id, title, lookFor, explanation).needs(Situation.Need.OTHER_SYSTEM);
    }

    private static void epoll(Stage stage) throws Exception {
        Way way = Heddle.shared().way();
        stage.fact("epoll", way == Way.NIO || way == Way.URING ? 0 : 1);
        Listener listener = stage.side("server").listen("127.0.0.1:0");
        var descriptor = new AtomicInteger(-1);
        var dialer = new Dialer().control((network, address, socket) -> descriptor.set(socket.descriptor()));
        TcpConn dialed = stage.side("client").dial(dialer, listener.address().toString());
        End client = new End(stage, "client", dialed);
        End server = new End(stage, "server", stage.side("server").accept(listener));
        // Its first wait, for sure: a round trip need not have one where both sides share a processor.
        Stage.Actor<Call> greeted =
                stage.start(() -> stage.side("client").act("read", () -> client.conn.read(new byte[1])));
        greeted.awaitParked();
        look(stage, descriptor.get(), "before");
        stage.side("server").act("greet", () -> greet(server.conn));
        greeted.join();
        Stage.Actor<Call> echo =
                stage.start(() -> stage.side("server").act("echo", () -> echo(server.conn, new AtomicLong())));
        echo.awaitParked();
        stage.side("client").act("round trips", () -> roundTrips(client.conn, ROUND_TRIPS));
        look(stage, descriptor.get(), "after");
        client.closeWrite();
        echo.join();
    }

    private static void look(Stage stage, int descriptor, String when) throws IOException {
        stage.fact("registrations " + when, EpollTable.registrations(descriptor).size());
        stage.fact(
                "edge-triggered " + when,
                EpollTable.registrations(descriptor).stream()
                        .filter(EpollTable.Registration::isEdgeTriggered)
                        .count());
    }

    private static long greet(TcpConn conn) throws IOException {
        conn.write(new byte[1]);
        return 1;
    }

    private static long roundTrips(TcpConn conn, int count) throws IOException {
        byte[] one = {1};
        for (int i = 0; i < count; i++) {
            conn.write(one);
            if (conn.read(one) != 1) {
                return i;
            }
        }
        return count;
    }

    private static long echo(TcpConn conn, AtomicLong trips) throws IOException {
        byte[] buffer = new byte[64];
        for (int n; (n = conn.read(buffer)) > 0; ) {
            conn.write(buffer, 0, n);
            trips.incrementAndGet();
        }
        return trips.get();
    }

    private static void judgeEpoll(Trace trace, Sights sights) {
        Call trips = trace.call("client", "round trips");
        sights.see("%d round trips, after a read that waited".formatted(trips.n()), trips.n() == ROUND_TRIPS);
        if (trace.fact("epoll") == 0) {
            sights.notHere("this way of running polls with the JDK's Selector, which is epoll underneath,"
                    + " level-triggered; or receives by io_uring, and registers no connection to read it");
            return;
        }
        sights.see(
                "the kernel had the descriptor registered %d time(s) before and %d after"
                        .formatted(trace.fact("registrations before"), trace.fact("registrations after")),
                trace.fact("registrations before") == 1 && trace.fact("registrations after") == 1);
        sights.see("its events were edge-triggered (EPOLLET)", trace.fact("edge-triggered after") == 1);
    }

    private static void busyLoops(Stage stage) throws Exception {
        Way way = Heddle.shared().way();
        stage.fact("hands off", way == Way.CARRIERS || way == Way.URING ? 1 : 0);
        int processors = Runtime.getRuntime().availableProcessors();
        stage.fact("processors", processors);
        Stage.Pair pair = stage.connect();
        var trips = new AtomicLong();
        Stage.Actor<Call> server =
                stage.start(() -> stage.side("server").act("echo", () -> echo(pair.server().conn, new AtomicLong())));
        server.awaitParked();
        long loopEnd = System.nanoTime() + BUSY.toNanos();
        List<Thread> loops = new ArrayList<>();
        var running = new AtomicInteger();
        var tripsWhileBusy = new AtomicLong();
        for (int i = 1; i <= processors; i++) {
            String name = "loop " + i;
            loops.add(Heddle.shared()
                    .ofVirtual()
                    .unstarted(() -> stage.side(name)
                            .act("compute", () -> compute(loopEnd, processors, running, trips, tripsWhileBusy))));
        }
        // A platform thread starts them and looks on: no loop keeps it from that.
        Thread starter = Thread.ofPlatform().unstarted(() -> loops.forEach(Thread::start));
        starter.start();
        stage.side("client").act("round trips", () -> {
            while (System.nanoTime() < loopEnd) {
                trips.addAndGet(roundTrips(pair.client().conn, 1));
            }
            return trips.get();
        });
        starter.join();
        for (Thread loop : loops) {
            loop.join();
        }
        stage.fact("while busy", tripsWhileBusy.get());
        stage.side("client").act("more round trips", () -> roundTrips(pair.client().conn, 10));
        pair.client().closeWrite();
        server.join();
    }

    /**
     * Computes until {@code endNanos}: how much. The last to begin and the first to end tell how far the round trips
     * got between.
     */
    private static long compute(
            long endNanos, int processors, AtomicInteger running, AtomicLong trips, AtomicLong tripsWhileBusy) {
        if (running.incrementAndGet() == processors) {
            tripsWhileBusy.set(-trips.get());
        }
        long sum = 0;
        while (System.nanoTime() < endNanos) {
            for (int i = 0; i < 1_000; i++) {
                sum = sum * 31 + i;
            }
        }
        if (running.getAndSet(-processors) == processors) {
            tripsWhileBusy.addAndGet(trips.get());
        }
        return sum == 42 ? 1 : 0;
    }

    private static void judgeBusyLoops(Trace trace, Sights sights) {
        long during = trace.fact("while busy");
        String what = "%s round trips while %d loops held %d processors"
                .formatted(Numbers.count(during), trace.fact("processors"), trace.fact("processors"));
        if (trace.fact("hands off") == 1) {
            sights.see(what, during >= 10);
        } else {
            sights.notHere(what
                    + ": this way runs on the JDK's scheduler, which cannot hand off;"
                    + " carriers of Heddle's own can (-Dheddle.way=carriers)");
        }
        sights.see(
                "%d round trips after the loops had ended"
                        .formatted(trace.call("client", "more round trips").n()),
                trace.call("client", "more round trips").n() == 10);
    }
}
