package heddle.net;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import heddle.testing.Await;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Another host, at the other end of a cable from this JVM's: a thread in a network namespace of its own, which makes
 * the sockets that live there, the JDK's plain ones. It needs root. Nothing of it outlives the process, as nothing but
 * the thread and its sockets holds the namespace; and nothing has a name that a second run on this machine could take.
 * network_namespaces(7), veth(4).
 *
 * <p>The JVM itself must have a namespace of its own too, since its end of the cable, and the settings of its kernel,
 * are there.
 */
final class FarHost {

    /** Of the JVM. TEST-NET-1, RFC 5737: whatever goes wrong, nobody has these. */
    static final String NEAR = "192.0.2.1";

    /** Of this host. */
    static final String FAR = "192.0.2.2";

    /** On the same network; nobody. */
    static final String NOBODY = "192.0.2.99";

    private static final int CLONE_NEWNET = 0x4000_0000; // unshare(2)

    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("far host").factory());

    FarHost() throws Exception {
        call(() -> {
            unshare();
            ip("""
                    link set lo up
                    link add far type veth peer name near netns %d
                    addr add %s/24 dev far
                    link set far up
                    """.formatted(ProcessHandle.current().pid(), FAR));
            return 0;
        });
        ip("""
                link set lo up
                addr add %s/24 dev near
                link set near up
                """.formatted(NEAR));
        // Until then packets are dropped, and who asks where a host is gets no answer.
        Await.until("the cable works", () -> isUp("near") && call(() -> isUp("far")));
        // Asks thrice where a host is, 50 ms apart instead of 1 s; arp(7), retrans_time_ms.
        run("ip", "ntable", "change", "name", "arp_cache", "dev", "near", "retrans", "50");
    }

    private static boolean isUp(String device) throws Exception {
        return run("ip", "-brief", "link", "show", device).contains(" UP ");
    }

    @SuppressWarnings("restricted")
    private static void unshare() {
        var linker = Linker.nativeLinker();
        var unshare = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("unshare"), FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        try {
            int result = (int) unshare.invokeExact(CLONE_NEWNET);
            if (result != 0) {
                throw new AssertionError("no network namespace: root?");
            }
        } catch (Error e) {
            throw e;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /** Does {@code action} there: the sockets that it makes and the commands that it runs are this host's. */
    <T> T call(Callable<T> action) throws Exception {
        try {
            return thread.submit(action).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw (Exception) e.getCause();
        }
    }

    /** A listener there, with room for {@code backlog} and one more; 0 for the JDK's default. */
    ServerSocket listen(int backlog) throws Exception {
        return call(() -> new ServerSocket(0, backlog, InetAddress.ofLiteral(FAR)));
    }

    /**
     * What happens there from now on to each packet that comes in: a statement of nft(8), for instance {@code drop}.
     */
    void onInput(String statement) throws Exception {
        String rules = input("far", statement);
        call(() -> feed(rules, "nft", "-f", "-"));
    }

    /**
     * What happens from now on to each packet in either direction, where it comes in. On its way out, the kernel would
     * be told of the drop, and forget a connection that it is about to accept; reqsk_timer_handler.
     */
    void onBothWays(String statement) throws Exception {
        onInput(statement);
        feed(input("near", statement), "nft", "-f", "-");
    }

    private static String input(String device, String statement) {
        return """
        %1$s
        table inet %2$s {
        chain in { type filter hook input priority 0; iifname %2$s %3$s; }
        }
        """.formatted(pass(device), device, statement);
    }

    /** Removes the table of {@code device}, which need not exist. */
    private static String pass(String device) {
        return "table inet %1$s\ndelete table inet %1$s\n".formatted(device);
    }

    /** Nothing happens to packets any more. */
    void passAll() throws Exception {
        call(() -> feed(pass("far"), "nft", "-f", "-"));
        feed(pass("near"), "nft", "-f", "-");
    }

    /** Pulls the plug there, or puts it back. */
    void setLink(boolean up) throws Exception {
        call(() -> run("ip", "link", "set", "far", up ? "up" : "down"));
    }

    /** Lets packets of at most {@code bytes} pass. */
    void setMtu(int bytes) throws Exception {
        String mtu = Integer.toString(bytes);
        call(() -> run("ip", "link", "set", "far", "mtu", mtu));
        run("ip", "link", "set", "near", "mtu", mtu);
    }

    /** Kills the connections there that come from local {@code port}; ss(8). */
    void kill(int port) throws Exception {
        call(() -> run("ss", "-K", "sport", "=", Integer.toString(port)));
    }

    /** Kills the connections here that go to remote {@code port}. */
    static void killNear(int port) throws Exception {
        run("ss", "-K", "dport", "=", Integer.toString(port));
    }

    /** Removes the cable, then this host. Sockets there must be closed by then. */
    void remove() throws Exception {
        feed(pass("near"), "nft", "-f", "-");
        run("ip", "link", "del", "near");
        thread.close();
    }

    private static void ip(String commands) throws Exception {
        feed(commands, "ip", "-batch", "-");
    }

    private static String run(String... command) throws Exception {
        return feed("", command);
    }

    /** Runs a command in the network of the calling thread; what it printed. */
    private static String feed(String input, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        if (status != 0) {
            throw new AssertionError(String.join(" ", command) + ": exit status " + status + "\n" + printed + input);
        }
        return printed;
    }
}
