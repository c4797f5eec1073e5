package heddle.admin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import heddle.gateway.ClientStatus;
import heddle.gateway.Counters;
import heddle.gateway.Gateway;
import heddle.net.Heddle;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What is there to be asked for. A virtual thread a request. All that it changes is asked for by POST: {@code
 * /api/close}, {@code /api/drain}, {@code /login}, {@code /logout}.
 */
final class Site implements HttpHandler, AutoCloseable {

    private static final Logger LOG = System.getLogger("heddle.admin");

    private static final int BODY_BYTES_MAX = 4096;
    private static final Duration TABLE_AGE = Duration.ofMillis(900);

    /** Nothing from elsewhere, no script or style within the page's text, in nobody's frame. */
    private static final String CONTENT_SECURITY_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                    + " form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private static final long TELL_NANOS = Duration.ofMinutes(1).toNanos();

    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String HTML = "text/html; charset=utf-8";
    private static final String JSON = "application/json; charset=utf-8";

    private final Guard guard;
    private final Gateway gateway;
    private final Counters counters;
    private final Heddle runtime;
    private final History history;
    private final Runnable drain;
    private final Cached<List<ClientStatus>> clients;
    private final Connections connections;
    private final RecentErrors errors = RecentErrors.listen();
    private final long startedMillis = System.currentTimeMillis();

    /** When a refusal was logged; 0 for never. */
    private final AtomicLong lastToldNanos = new AtomicLong();

    private final ReentrantLock metricsLock = new ReentrantLock();

    /** Made by the first who asks, as it loads a lot. Guarded by metricsLock. */
    private @Nullable Metrics metrics;

    Site(Guard guard, Gateway gateway, Counters counters, Heddle runtime, History history, Runnable drain) {
        this.guard = guard;
        this.gateway = gateway;
        this.counters = counters;
        this.runtime = runtime;
        this.history = history;
        this.drain = drain;
        this.clients = new Cached<>(TABLE_AGE, gateway::clients);
        this.connections = new Connections(clients);
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            var headers = exchange.getResponseHeaders();
            headers.set("Content-Security-Policy", CONTENT_SECURITY_POLICY);
            headers.set("X-Content-Type-Options", "nosniff");
            headers.set("Referrer-Policy", "same-origin"); // with less, forms would be sent with Origin: null
            headers.set("Cross-Origin-Resource-Policy", "same-origin");
            headers.set("Cache-Control", "no-store");
            answer(exchange);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "admin page: " + exchange.getRequestURI().getRawPath() + " failed", e);
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        switch (path) {
            case "/health" -> send(exchange, Readiness.ofHealth(gateway));
            case "/ready" -> send(exchange, Readiness.of(gateway));
            case "/login", "/page.css", "/icon.svg" -> open(exchange, path);
            default -> {
                if (guard.mayRead(exchange.getRequestHeaders())) {
                    allowed(exchange, path);
                } else {
                    refuse(exchange, path);
                }
            }
        }
    }

    private static void send(HttpExchange exchange, Readiness readiness) throws IOException {
        send(exchange, readiness.isGood() ? 200 : 503, TEXT, readiness.isGood() ? "ok\n" : readiness.reason() + "\n");
    }

    /** What is there for who has no token yet. */
    private void open(HttpExchange exchange, String path) throws IOException {
        switch (path) {
            case "/page.css" -> file(exchange, 200, "page.css", "text/css; charset=utf-8");
            case "/icon.svg" -> file(exchange, 200, "icon.svg", "image/svg+xml");
            default -> {
                if (!guard.wantsToken()) {
                    redirect(exchange, "/");
                } else if (!exchange.getRequestMethod().equals("POST")) {
                    file(exchange, 200, "login.html", HTML);
                } else if (isOwnPost(exchange)) {
                    login(exchange);
                }
            }
        }
    }

    private void login(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX);
        String given = parameters(new String(body, StandardCharsets.UTF_8)).getOrDefault("token", "");
        String cookie = guard.login(given.strip());
        if (cookie == null) {
            refused(exchange);
            String page = new String(resource("login.html"), StandardCharsets.UTF_8);
            send(exchange, 403, HTML, page.replace(" role=\"alert\" hidden", " role=\"alert\""));
            return;
        }
        exchange.getResponseHeaders().set("Set-Cookie", cookie);
        redirect(exchange, "/");
    }

    /** Counts it, and logs it once a minute at most. */
    private void refused(HttpExchange exchange) {
        guard.refused.increment();
        long now = System.nanoTime();
        long last = lastToldNanos.get();
        if ((last == 0 || now - last > TELL_NANOS) && lastToldNanos.compareAndSet(last, now)) {
            LOG.log(
                    Level.WARNING,
                    "admin page: refused {0}; {1} requests since the start",
                    exchange.getRemoteAddress(),
                    guard.refused.sum());
        }
    }

    private void refuse(HttpExchange exchange, String path) throws IOException {
        if (!path.equals("/")) { // who opens the page has not logged in yet
            refused(exchange);
        }
        if (!guard.wantsToken()) {
            send(
                    exchange,
                    403,
                    TEXT,
                    "without a token this answers as localhost or 127.0.0.1 alone, and not as "
                            + exchange.getRequestHeaders().getFirst("Host")
                            + "\n");
        } else if (path.equals("/")) {
            redirect(exchange, "/login");
        } else {
            exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer");
            send(exchange, 401, TEXT, "want the token: Authorization: Bearer TOKEN\n");
        }
    }

    private void allowed(HttpExchange exchange, String path) throws IOException {
        switch (path) {
            case "/" -> file(exchange, 200, "page.html", HTML);
            case "/page.js" -> file(exchange, 200, "page.js", "text/javascript; charset=utf-8");
            case "/metrics" -> metrics(exchange);
            case "/api/state" -> send(exchange, 200, JSON, state(query(exchange)));
            case "/api/connections" -> {
                var json = new Json();
                connections.write(json, query(exchange));
                send(exchange, 200, JSON, json.toString());
            }
            case "/api/close" -> {
                if (isOwnPost(exchange)) {
                    close(exchange);
                }
            }
            case "/api/drain" -> {
                if (isOwnPost(exchange)) {
                    LOG.log(Level.WARNING, "admin page: {0} ends the server", exchange.getRemoteAddress());
                    drain.run();
                    send(exchange, 200, JSON, "{}");
                }
            }
            case "/logout" -> {
                if (isOwnPost(exchange)) {
                    exchange.getResponseHeaders().set("Set-Cookie", guard.logout());
                    redirect(exchange, "/login");
                }
            }
            default -> send(exchange, 404, TEXT, "there is no such page\n");
        }
    }

    private void close(HttpExchange exchange) throws IOException {
        long id;
        try {
            id = Long.parseLong(query(exchange).getOrDefault("id", ""));
        } catch (NumberFormatException e) {
            send(exchange, 400, TEXT, "want id=NUMBER\n");
            return;
        }
        boolean found = gateway.closeClient(id);
        clients.forget();
        send(
                exchange,
                found ? 200 : 404,
                JSON,
                new Json().object().field("closed", found).endObject().toString());
    }

    private void metrics(HttpExchange exchange) throws IOException {
        String accepted = exchange.getRequestHeaders().getFirst("Accept");
        boolean open = accepted != null && accepted.contains("application/openmetrics-text");
        String type = open
                ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                : "text/plain; version=0.0.4; charset=utf-8";
        send(exchange, 200, type, metrics().scrape(type));
    }

    private Metrics metrics() {
        metricsLock.lock();
        try {
            var made = metrics;
            if (made == null) {
                made = new Metrics(gateway, counters, runtime, guard.refused);
                metrics = made;
            }
            return made;
        } finally {
            metricsLock.unlock();
        }
    }

    private String state(Map<String, String> query) {
        var ready = Readiness.of(gateway);
        var sink = gateway.sink();
        var json = new Json()
                .object()
                .field("address", gateway.address())
                .field("started", startedMillis)
                .field("now", System.currentTimeMillis())
                .field("ready", ready.isGood())
                .field("reason", ready.reason())
                .field("draining", gateway.stopping())
                .field("connections", gateway.connections())
                .field("connectionsMax", gateway.connectionsMax())
                .field("queue", sink.messages())
                .field("queueMax", sink.messagesMax())
                .field("storeFree", sink.storeFreeBytes())
                .field("token", guard.wantsToken())
                .field("runtime", runtime.describe());
        history.write(json.name("history"), number(query, "since"));
        errors.write(json.name("errors"), number(query, "errors"));
        return json.endObject().toString();
    }

    private static long number(Map<String, String> query, String name) {
        try {
            return Long.parseLong(query.getOrDefault(name, ""));
        } catch (NumberFormatException none) {
            return -1;
        }
    }

    private static Map<String, String> query(HttpExchange exchange) {
        String query = exchange.getRequestURI().getRawQuery();
        return query == null ? Map.of() : parameters(query);
    }

    private static Map<String, String> parameters(String encoded) {
        Map<String, String> parameters = new HashMap<>();
        for (String pair : encoded.split("&", -1)) {
            int at = pair.indexOf('=');
            if (at > 0) {
                try {
                    parameters.put(
                            URLDecoder.decode(pair.substring(0, at), StandardCharsets.UTF_8),
                            URLDecoder.decode(pair.substring(at + 1), StandardCharsets.UTF_8));
                } catch (IllegalArgumentException e) {
                    // Not percent-encoded as it should be: as if it were not there.
                }
            }
        }
        return parameters;
    }

    /** Whether to go on; else it is answered. */
    private static boolean isOwnPost(HttpExchange exchange) throws IOException {
        if (!exchange.getRequestMethod().equals("POST")) {
            exchange.getResponseHeaders().set("Allow", "POST");
            send(exchange, 405, TEXT, "want POST\n");
            return false;
        }
        if (!Guard.isOwn(exchange.getRequestHeaders())) {
            send(exchange, 403, TEXT, "not from another page\n");
            return false;
        }
        return true;
    }

    private static void redirect(HttpExchange exchange, String path) throws IOException {
        exchange.getResponseHeaders().set("Location", path);
        exchange.sendResponseHeaders(303, -1);
    }

    private static void file(HttpExchange exchange, int status, String name, String type) throws IOException {
        send(exchange, status, type, resource(name));
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = Site.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("this jar has no " + name);
            }
            return in.readAllBytes();
        }
    }

    private static void send(HttpExchange exchange, int status, String type, String text) throws IOException {
        send(exchange, status, type, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void send(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, head ? -1 : body.length);
        if (!head) {
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        errors.close();
        metricsLock.lock();
        try {
            if (metrics != null) {
                metrics.close();
            }
        } finally {
            metricsLock.unlock();
        }
    }
}
