package heddle.admin;

import com.sun.net.httpserver.HttpServer;
import heddle.gateway.Counters;
import heddle.gateway.Gateway;
import heddle.gateway.access.Tokens;
import heddle.net.Heddle;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Shows a {@link Gateway} by HTTP: {@code /health}, {@code /ready}, {@code /metrics}, and a page for people. It has the
 * port from {@link #bind} on, and answers from {@link #start} on. Beyond loopback it wants a token for all but {@code
 * /health} and {@code /ready}. What it speaks is HTTP without TLS.
 *
 * <p>Bounds: {@code jdk.httpserver.maxConnections} connections (1024), a request within 10 s, an answer within 30 s;
 * each unless the system property of the JDK's server says otherwise. All methods may be called from any thread.
 */
public final class Admin implements AutoCloseable {

    private static final Logger LOG = System.getLogger("heddle.admin");

    private static final long SAMPLE_NANOS = 1_000_000_000;

    static {
        // Read once by the JDK's server, when its first class is loaded.
        // One bound for all: few would do for the page, but connections that idle must not keep the probes out.
        setUnlessSet("jdk.httpserver.maxConnections", "1024");
        setUnlessSet("sun.net.httpserver.maxReqTime", "10");
        setUnlessSet("sun.net.httpserver.maxRspTime", "30");
        setUnlessSet("sun.net.httpserver.nodelay", "true");
    }

    private final HttpServer http;
    private final Heddle runtime;
    private final Guard guard;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition closing = lock.newCondition();

    // All guarded by lock.
    private boolean closed;
    private @Nullable ExecutorService threads;
    private @Nullable Site site;

    private Admin(HttpServer http, Heddle runtime, @Nullable AdminToken token) {
        this.http = http;
        this.runtime = runtime;
        this.guard = new Guard(http.getAddress().getPort(), token);
    }

    private static void setUnlessSet(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /**
     * Takes the port.
     *
     * @param runtime whose virtual threads answer
     * @param host a name or an address; empty for all of this machine
     * @param port 0 for a free one
     * @param tokenFile its first line that is no comment, of 16 characters or more, is the token; null for none
     * @return not answering yet
     * @throws BindException the port is taken
     * @throws UnknownHostException there is no such host
     * @throws IOException the file cannot be read or has no token
     * @throws IllegalArgumentException beyond loopback, and no token
     */
    @SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
    public static Admin bind(Heddle runtime, String host, int port, @Nullable Path tokenFile) throws IOException {
        var token = tokenFile == null ? null : AdminToken.read(tokenFile);
        var address =
                host.isEmpty() ? new InetSocketAddress(port) : new InetSocketAddress(InetAddress.getByName(host), port);
        if (token == null) {
            expectLoopback(address.getAddress());
        }
        try (var probe = new ServerSocket()) {
            // Where the port is taken, the JDK's server would throw and keep a descriptor for ever.
            probe.bind(address);
        }
        return new Admin(HttpServer.create(address, 0), runtime, token);
    }

    private static void expectLoopback(InetAddress address) {
        if (!address.isLoopbackAddress()) {
            throw new IllegalArgumentException(
                    "the admin page beyond loopback, at " + address.getHostAddress() + ", wants a token");
        }
    }

    /**
     * Checks a token file. Warns in the log if others than its owner and group may read it.
     *
     * @param file as in {@link #bind}
     * @throws IOException it cannot be read or has no token; the message says which
     */
    public static void checkToken(Path file) throws IOException {
        AdminToken.read(file);
        Tokens.warnOfRights(file);
    }

    /**
     * Where it is.
     *
     * @return such as {@code http://127.0.0.1:7001/}
     */
    public String address() {
        var at = http.getAddress();
        String host = at.getAddress().getHostAddress();
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + at.getPort() + "/";
    }

    /**
     * Answers from now on. Once.
     *
     * @param gateway what is shown; may serve already, or not yet
     * @param counters what it counts with
     * @param drain ends the server in order, as a person asks by the page; must not wait
     */
    public void start(Gateway gateway, Counters counters, Runnable drain) {
        lock.lock();
        try {
            if (closed || site != null) {
                throw new IllegalStateException(closed ? "closed" : "started already");
            }
            var history = new History(gateway, counters);
            var shown = new Site(guard, gateway, counters, runtime, history, drain);
            var answering = runtime.newThreadPerTaskExecutor();
            site = shown;
            threads = answering;
            http.createContext("/", shown);
            http.setExecutor(answering);
            http.start();
            runtime.ofVirtual().name("heddle-history").start(() -> sample(history));
        } finally {
            lock.unlock();
        }
    }

    private void sample(History history) {
        while (awaitNextSample()) {
            try {
                history.sample();
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "no sample for the admin page", e);
            }
        }
    }

    private boolean awaitNextSample() {
        lock.lock();
        try {
            long left = SAMPLE_NANOS;
            while (!closed && left > 0) {
                left = closing.awaitNanos(left);
            }
            return !closed;
        } catch (InterruptedException e) {
            return false; // nobody interrupts it but a tool that ends all
        } finally {
            lock.unlock();
        }
    }

    /**
     * Reads a token anew, and checks it.
     *
     * @param file where it is; null for none
     * @return puts the new token in place; cookies of the old one hold no longer
     * @throws IOException the file cannot be read or has no token; the old one stays
     * @throws IllegalArgumentException none, beyond loopback; the old one stays
     */
    @SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
    public Runnable prepareToken(@Nullable Path file) throws IOException {
        var token = file == null ? null : AdminToken.read(file);
        if (token == null) {
            expectLoopback(http.getAddress().getAddress());
        }
        return () -> guard.token(token);
    }

    /** Answers no more, and gives the port back. A second close does nothing. */
    @Override
    public void close() {
        Site shown;
        ExecutorService answering;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            closing.signalAll();
            shown = site;
            answering = threads;
        } finally {
            lock.unlock();
        }
        if (shown == null) {
            // One that never ran would keep its port, and its selector, until they are collected.
            http.start();
        }
        http.stop(0);
        if (shown != null) {
            shown.close();
        }
        if (answering != null) {
            answering.shutdownNow();
        }
    }
}
