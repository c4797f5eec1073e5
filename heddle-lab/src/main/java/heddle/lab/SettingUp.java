package heddle.lab;

import heddle.net.Dialer;
import heddle.net.Heddle;
import heddle.net.ListenConfig;
import heddle.net.Listener;
import heddle.net.TcpConn;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** S: setting up. */
final class SettingUp {

    static final List<Situation> ALL = List.of(
            Situation.of(
                            "S1",
                            "listen, accept, one virtual thread for each connection",
                            "accept parks its thread until a client comes; 10,000"
                                    + " connections, each with a thread that is a straight"
                                    + " loop, use a handful of platform threads.",
                            """
                                    listen(2) makes the kernel complete handshakes by itself and queue the connections; accept(2) takes one from the \
                                    queue. A thread of the operating system for each of 10,000 connections would cost 10,000 stacks and the kernel's \
                                    scheduler; a virtual thread costs about what its frames need. All of them wait here in read, and one epoll descriptor \
                                    for each processor tells which of them can go on. Each connection takes two descriptors of this process, one for each end.
                                    """)
                    .shapedBy("net.core.somaxconn", "net.ipv4.ip_local_port_range", "fs.nr_open", "RLIMIT_NOFILE")
                    .played(SettingUp::manyConnections, SettingUp::judgeManyConnections),
            Situation.of(
                            "S2",
                            "listen on a port that is in use",
                            "At once: listen tcp 127.0.0.1:PORT: bind: address already in use.",
                            """
                                    bind(2) answers EADDRINUSE while another socket listens on the same address and port. Heddle sets SO_REUSEADDR, which \
                                    on Linux lets a new listener take a port whose old connections are still in TIME_WAIT, but never one that somebody listens on.
                                    """)
                    .shapedBy("net.ipv4.ip_unprivileged_port_start")
                    .played(SettingUp::portInUse, SettingUp::judgePortInUse),
            Situation.of(
                            "S3",
                            "dial a port nobody listens on; dial an unreachable network",
                            "At once: dial tcp 127.0.0.1:PORT: connect: connection refused,"
                                    + " and ... connect: network is unreachable.",
                            """
                                    The kernel of the other side answers a SYN for a port without a listener by a reset, and connect(2) fails with \
                                    ECONNREFUSED after one round trip. Where the own kernel has no route, nothing is sent at all: ENETUNREACH. Both are \
                                    answers. Silence, as of a firewall that drops packets, is what takes minutes: see S4 and S5. TCP knows no broadcast, so \
                                    255.255.255.255 is a network without a route on every machine.
                                    """)
                    .shapedBy("net.ipv4.ip_local_port_range")
                    .played(SettingUp::nobodyThere, SettingUp::judgeNobodyThere),
            Situation.of(
                            "S4",
                            "dial while the server's backlog is full",
                            "Dials succeed until the backlog is full, then they wait; one"
                                    + " accept frees one slot, and exactly one waiting dial"
                                    + " succeeds; with no accept the kernel gives up at last,"
                                    + " with connection timed out.",
                            """
                                    The backlog holds connections whose handshake is done and that nobody has accepted. When it is full, Linux drops the \
                                    next SYN without an answer, and the client's kernel sends it again after 1 s, then after longer and longer waits, \
                                    tcp_syn_retries times. So a slot that becomes free is taken at the next repetition, not at once; and a dial without a limit \
                                    waits about two minutes for a server that hangs. With net.ipv4.tcp_abort_on_overflow=0, the default, a full backlog thus looks \
                                    like a slow network. Linux queues one connection more than listen(2) was asked for.
                                    """)
                    .needs(Situation.Need.MINUTES)
                    .shapedBy(
                            "net.core.somaxconn",
                            "net.ipv4.tcp_syn_retries",
                            "net.ipv4.tcp_syn_linear_timeouts",
                            "net.ipv4.tcp_abort_on_overflow",
                            "net.ipv4.tcp_max_syn_backlog")
                    .played(SettingUp::fullBacklog, SettingUp::judgeFullBacklog),
            Situation.of(
                            "S5",
                            "dial over a network that loses packets",
                            "A plain dial waits until the kernel gets through; a dial with"
                                    + " a timeout fails at the timeout with i/o timeout, a"
                                    + " timeout by type, and leaks no descriptor.",
                            """
                                    The play runs in a network namespace of its own, in which a rule drops every SYN to one port and every other SYN to a second \
                                    one. Nobody tells the dialer of the loss: its kernel repeats the SYN after a second, and only a limit of the caller's own \
                                    ends the wait earlier. When it does, the socket is half-open: it must be closed, or each such dial would leave one behind.
                                    """)
                    .needs(Situation.Need.ROOT)
                    .shapedBy("net.ipv4.tcp_syn_retries", "net.ipv4.tcp_syn_linear_timeouts")
                    .played(SettingUp::loss, SettingUp::judgeLoss));

    private static final int DIALERS = 8;
    private static final int BACKLOG = 1;
    private static final Duration PATIENT = Duration.ofMillis(3_500);
    static final Duration TIMEOUT = Duration.ofMillis(300);

    /** Ports of the rules that drop packets: see {@link Namespace}. */
    static final int SILENT_PORT = 7_001;

    static final int LOSSY_PORT = 7_002;

    private SettingUp() {}

    private static void manyConnections(Stage stage) throws Exception {
        Side server = stage.side("server");
        Side client = stage.side("client");
        Listener listener = server.listen("127.0.0.1:0");
        String address = listener.address().toString();
        Stage.Actor<End> first = stage.start(() -> new End(stage, "server", server.accept(listener)));
        first.awaitParked();
        End dialed = new End(stage, "client", client.dial(address));
        End accepted = first.join();
        Stage.Actor<Boolean> loop = stage.start(() -> echoLogged(accepted));
        loop.awaitParked();
        dialed.write("hello");
        dialed.read(64);

        long descriptors = SystemLimits.descriptorsMax();
        int count = (int) Math.min(stage.settings.connections(), (descriptors - 500) / 2) - 1;
        stage.start(() -> {
            while (true) {
                TcpConn conn = stage.keep((TcpConn) listener.accept());
                stage.start(() -> {
                    echo(conn);
                    return true;
                });
            }
        });
        var echoed = new AtomicInteger(1);
        stage.side("clients").act("dial and echo", () -> {
            dialMany(stage, address, count, echoed);
            return count;
        });
        stage.fact("connections", echoed.get());
        stage.fact("wanted", stage.settings.connections());
        stage.fact("descriptors", descriptors);
        stage.fact("threads", ManagementFactory.getThreadMXBean().getThreadCount());
        stage.fact("processors", Runtime.getRuntime().availableProcessors());
        dialed.close();
        loop.join();
    }

    private static boolean echoLogged(End end) {
        Call read = end.read(64);
        while (read.n() > 0) {
            end.write(read.text().substring(1, read.text().length() - 1));
            read = end.read(64);
        }
        return true;
    }

    private static void echo(TcpConn conn) throws IOException {
        byte[] buffer = new byte[64];
        for (int n; (n = conn.read(buffer)) > 0; ) {
            conn.write(buffer, 0, n);
        }
    }

    private static void dialMany(Stage stage, String address, int count, AtomicInteger echoed) throws IOException {
        var left = new AtomicInteger(count);
        List<Stage.Actor<Boolean>> dialers = new ArrayList<>();
        for (int i = 0; i < DIALERS; i++) {
            dialers.add(stage.start(() -> {
                byte[] buffer = {1};
                while (left.getAndDecrement() > 0) {
                    TcpConn conn = stage.keep((TcpConn) new Dialer().dial("tcp", address));
                    conn.write(buffer);
                    if (conn.read(buffer) == 1) {
                        echoed.incrementAndGet();
                    }
                }
                return true;
            }));
        }
        try {
            for (Stage.Actor<Boolean> dialer : dialers) {
                dialer.join();
            }
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    private static void judgeManyConnections(Trace trace, Sights sights) {
        Call accept = trace.call("server", "accept");
        Call dial = trace.call("client", "dial");
        sights.see(
                "accept waited from %s until the client came at %s"
                        .formatted(Numbers.time(accept.beginNanos()), Numbers.time(dial.beginNanos())),
                accept.spansTheBeginningOf(dial) && !accept.failed());
        sights.see(
                "the first client got its echo, %s"
                        .formatted(trace.call("client", "read").text()),
                trace.call("client", "read").text().equals("\"hello\""));
        long connections = trace.fact("connections");
        long possible = Math.min(trace.fact("wanted"), (trace.fact("descriptors") - 500) / 2);
        sights.see(
                "%s connections were open at once, each with its echo".formatted(Numbers.count(connections)),
                connections == possible);
        long threads = trace.fact("threads");
        sights.see(
                "%s platform threads were in the process".formatted(Numbers.count(threads)),
                threads <= 20 + 4 * trace.fact("processors"));
        if (possible < trace.fact("wanted")) {
            sights.note("more than %s connections need more descriptors than %s (RLIMIT_NOFILE, ulimit -n)"
                    .formatted(Numbers.count(possible), Numbers.count(trace.fact("descriptors"))));
        }
    }

    private static void portInUse(Stage stage) throws Exception {
        Listener taken = stage.side("server").listen("127.0.0.1:0");
        stage.side("second").tryListen(taken.address().toString());
    }

    private static void judgePortInUse(Trace trace, Sights sights) {
        Call second = trace.call("second", "listen");
        sights.see(
                "the second failed: " + second.outcome(),
                second.error().equals(second.name() + ": bind: address already in use"));
        sights.see("at once, after " + Numbers.time(second.nanos()), isAtOnce(second));
    }

    private static void nobodyThere(Stage stage) throws Exception {
        Listener listener = stage.side("server").listen("127.0.0.1:0");
        stage.side("server").close(listener);
        Side client = stage.side("client");
        for (String address : List.of(listener.address().toString(), "255.255.255.255:80")) {
            client.tryDial(new Dialer(), "dial tcp " + address, address);
        }
    }

    private static void judgeNobodyThere(Trace trace, Sights sights) {
        Call refused = trace.call("client", "dial", 0);
        sights.see(
                "nobody listens: " + refused.outcome(),
                refused.error().equals(refused.name() + ": connect: connection refused"));
        Call unreachable = trace.call("client", "dial", 1);
        sights.see(
                "no route: " + unreachable.outcome(),
                unreachable.error().equals(unreachable.name() + ": connect: network is unreachable"));
        sights.see(
                "at once, after %s and %s".formatted(Numbers.time(refused.nanos()), Numbers.time(unreachable.nanos())),
                isAtOnce(refused) && isAtOnce(unreachable));
    }

    /** Less than any of the kernel's own waits takes. */
    private static boolean isAtOnce(Call call) {
        return call.nanos() < Duration.ofSeconds(1).toNanos();
    }

    private static void fullBacklog(Stage stage) throws Exception {
        Side server = stage.side("server");
        Listener listener =
                server.listen(new ListenConfig().backlog(BACKLOG), "listen tcp, backlog " + BACKLOG, "127.0.0.1:0");
        String address = listener.address().toString();
        for (int i = 0; i < BACKLOG + 1; i++) {
            stage.side("client").dial(address);
        }
        Dialer patient = new Dialer().timeout(PATIENT);
        Stage.Actor<Call> one =
                stage.start(() -> stage.side("client 1").tryDial(patient, "dial tcp " + address, address));
        one.awaitParked();
        stage.pause(300); // so that the two do not repeat their SYNs at the same moment
        Stage.Actor<Call> two =
                stage.start(() -> stage.side("client 2").tryDial(patient, "dial tcp " + address, address));
        two.awaitParked();
        stage.pause(300);
        server.accept(listener);
        one.join();
        two.join();
        if (stage.settings.slow()) {
            stage.tell("a dial without a limit: minutes");
            stage.side("client 3").tryDial(new Dialer(), "dial tcp " + address, address);
        }
    }

    private static void judgeFullBacklog(Trace trace, Sights sights) {
        List<Call> filling = trace.calls("client", "dial");
        sights.see(
                "%d dials succeeded without an accept, the slowest after %s"
                        .formatted(
                                filling.size(),
                                Numbers.time(filling.stream()
                                        .mapToLong(Call::nanos)
                                        .max()
                                        .orElse(0))),
                filling.stream().noneMatch(Call::failed) && filling.size() == BACKLOG + 1);
        Call one = trace.call("client 1", "dial");
        Call two = trace.call("client 2", "dial");
        Call accept = trace.call("server", "accept");
        sights.see(
                "two more waited until the accept at " + Numbers.time(accept.beginNanos()),
                one.spansTheBeginningOf(accept) && two.spansTheBeginningOf(accept));
        long succeeded =
                List.of(one, two).stream().filter(dial -> !dial.failed()).count();
        sights.see("after one accept, %d of the two succeeded".formatted(succeeded), succeeded == 1);
        Call luckless = one.failed() ? one : two;
        sights.see(
                "the other one ended at its own limit of %s: %s"
                        .formatted(Numbers.time(PATIENT.toNanos()), luckless.outcome()),
                Reading.isTimeout(luckless));
        if (trace.calls("client 3", "dial").isEmpty()) {
            sights.note("the kernel's own limit takes minutes: see it with --slow");
        } else {
            Call plain = trace.call("client 3", "dial");
            sights.see(
                    "without a limit of its own, a dial failed after %s: %s"
                            .formatted(Numbers.time(plain.nanos()), plain.outcome()),
                    plain.timeout() && plain.error().endsWith("connection timed out"));
        }
    }

    /** In a namespace in which packets are lost. */
    private static void loss(Stage stage) throws Exception {
        stage.side("server").listen("127.0.0.1:" + SILENT_PORT);
        Listener listener = stage.side("server").listen("127.0.0.1:" + LOSSY_PORT);
        Side client = stage.side("client");
        Heddle.shared().ofVirtual().start(() -> {}).join();
        long before = SystemLimits.socketsOpen();
        Dialer limited = new Dialer().timeout(TIMEOUT);
        for (int i = 0; i < 10; i++) {
            String address = "127.0.0.1:" + SILENT_PORT;
            client.tryDial(limited, "dial tcp " + address + ", 300 ms", address);
        }
        stage.fact("leaked", SystemLimits.socketsOpen() - before);
        client.dial("127.0.0.1:" + LOSSY_PORT);
        stage.side("server").accept(listener);
    }

    private static void judgeLoss(Trace trace, Sights sights) {
        List<Call> limited = trace.calls("client", "dial tcp 127.0.0.1:" + SILENT_PORT + ", 300 ms");
        sights.see(
                "%d dials with a limit of %s failed, by type a timeout: %s"
                        .formatted(
                                limited.size(),
                                Numbers.time(TIMEOUT.toNanos()),
                                limited.isEmpty() ? "" : limited.getFirst().error()),
                limited.size() == 10 && limited.stream().allMatch(Reading::isTimeout));
        sights.see(
                "none ended before its limit; the earliest after "
                        + Numbers.time(
                                limited.stream().mapToLong(Call::nanos).min().orElse(0)),
                limited.stream().allMatch(dial -> dial.nanos() >= TIMEOUT.toNanos()));
        sights.see("they left %d sockets behind".formatted(trace.fact("leaked")), trace.fact("leaked") == 0);
        Call plain = trace.call("client", "dial tcp 127.0.0.1:" + LOSSY_PORT);
        sights.see(
                "a plain dial whose first SYN was lost succeeded after " + Numbers.time(plain.nanos()),
                !plain.failed() && plain.nanos() >= Duration.ofMillis(900).toNanos());
    }
}
