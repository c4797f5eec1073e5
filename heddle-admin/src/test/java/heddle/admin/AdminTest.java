package heddle.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.gateway.Client;
import heddle.gateway.ClientOptions;
import heddle.gateway.Counter;
import heddle.gateway.StoreOptions;
import heddle.net.Heddle;
import heddle.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The admin page's server, as probes, Prometheus, and people with bad intentions meet it. */
@Timeout(60)
class AdminTest {

    private static final String TOKEN = "a token of some length";

    /** Markup, a quote, a line's end, and half a pair, which is no text. */
    private static final String HOSTILE = "<img src=x onerror=alert(1)>\"'\n\u2028";

    @TempDir
    private Path folder;

    private AdminServer server() throws Exception {
        return new AdminServer(folder.resolve("data"));
    }

    private AdminServer serverWithToken() throws Exception {
        Path file = Files.writeString(folder.resolve("token"), "# admin\n" + TOKEN + "\n");
        return new AdminServer(folder.resolve("data"), new StoreOptions().segmentBytes(1 << 20), file).serve();
    }

    private static Client client(AdminServer server, String name) throws Exception {
        var client = new Client(server.address, new ClientOptions().name(name), (_, _, _) -> {});
        client.connect();
        return client;
    }

    @Test
    void isReadyWhileItTakesConnectionsAndNoLonger() throws Exception {
        try (var server = server()) {
            assertThat(server.get("/ready").statusCode()).isEqualTo(503);
            assertThat(server.get("/ready").body()).isEqualTo("not accepting connections\n");
            server.serve();
            Await.until("ready", () -> server.get("/ready").statusCode() == 200);
            assertThat(server.get("/health").body()).isEqualTo("ok\n");
            assertThat(server.metric("heddle_ready")).isEqualTo(1);
            server.gateway.stop(Duration.ZERO);
            assertThat(server.get("/ready").body()).isEqualTo("draining\n");
            assertThat(server.get("/health").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void isNotReadyWhileTheStoreHasNoRoomAndSaysWhy() throws Exception {
        var small = new StoreOptions().segmentBytes(64 << 10).storeBytesMax(128 << 10);
        try (var server = new AdminServer(folder.resolve("data"), small, null).serve();
                var client = client(server, "much")) {
            for (int i = 0; i < 60; i++) {
                // One at a time: a batch that is larger than a file is another case.
                client.submit(new byte[4096], 0, 4096);
                client.awaitSettled();
            }
            Await.until("not ready", () -> server.get("/ready").statusCode() == 503);
            assertThat(server.get("/ready").body()).contains("not storing", "the store is full");
            assertThat(server.get("/health").statusCode())
                    .as("a full store is no failure")
                    .isEqualTo(200);
            assertThat(server.metric("heddle_ready")).isZero();
            assertThat(server.metric("heddle_acks_total{result=\"not_stored\"}"))
                    .isPositive();
        }
    }

    @Test
    void eachCounterIsAMetricAndLatenciesAreCounted() throws Exception {
        try (var server = server().serve();
                var client = client(server, "counted")) {
            for (int i = 0; i < 100; i++) {
                client.submit(new byte[10], 0, 10);
            }
            client.awaitSettled();
            String all = server.get("/metrics").body();
            long samples = all.lines()
                    .filter(line -> Pattern.matches("heddle_(?!runtime).*", line) && !line.contains("_bucket"))
                    .count();
            assertThat(samples).isGreaterThanOrEqualTo(Counter.values().length);
            assertThat(server.metric("heddle_acks_total{result=\"success\"}")).isEqualTo(100);
            assertThat(server.metric("heddle_ack_latency_seconds_count")).isEqualTo(100);
            assertThat(server.metric("heddle_ack_latency_seconds_bucket{le=\"+Inf\"}"))
                    .isEqualTo(100);
            assertThat(server.metric("heddle_ack_latency_seconds_sum")).isBetween(1e-6, 60.0);
            assertThat(server.metric("heddle_commit_size_messages_sum")).isEqualTo(100);
            assertThat(server.metric("heddle_commit_time_seconds_count")).isPositive();
            assertThat(server.metric("heddle_connections_open")).isEqualTo(1);
            assertThat(server.metric("heddle_store_bytes")).isPositive();
            assertThat(all).contains("jvm_memory_used_bytes", "heddle_runtime_carriers", "process_files_open_files");
        }
    }

    @Test
    void aConnectionIsShownFoundAndClosed() throws Exception {
        try (var server = server().serve();
                var one = client(server, "one");
                var two = client(server, HOSTILE)) {
            two.submit(new byte[1], 0, 1);
            two.awaitSettled();
            one.awaitSettled();
            var found = server.get("/api/connections?q=ONERROR&sort=name");
            assertThat(found.headers().firstValue("Content-Type")).hasValue("application/json; charset=utf-8");
            assertThat(found.body())
                    .contains("\"total\":2", "\"found\":1", "\"submits\":1", "\"inFlight\":0")
                    .contains("<img src=x onerror=alert(1)>\\\"'\\n\\u2028");
            var id = Pattern.compile("\"id\":(\\d+)").matcher(found.body());
            assertThat(id.find()).isTrue();
            assertThat(server.post("/api/close?id=" + id.group(1)).body()).isEqualTo("{\"closed\":true}");
            Await.until("one is left", () -> server.gateway.connections() == 1);
            assertThat(server.counters.value(Counter.CLOSED_BY_OPERATOR)).isEqualTo(1);
            assertThat(server.post("/api/close?id=" + id.group(1)).statusCode()).isEqualTo(404);
            assertThat(server.get("/api/state").body()).as("recent errors").contains("closed by the operator");
        }
    }

    @Test
    void onlyAPostDrains() throws Exception {
        try (var server = server().serve()) {
            assertThat(server.get("/api/drain").statusCode()).isEqualTo(405);
            assertThat(server.drained.getCount()).isEqualTo(1);
            assertThat(server.post("/api/drain").statusCode()).isEqualTo(200);
            assertThat(server.drained.await(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void anotherPageCannotSendAnything() throws Exception {
        try (var server = server().serve()) {
            assertThat(server.post("/api/drain", "Sec-Fetch-Site", "cross-site").statusCode())
                    .isEqualTo(403);
            assertThat(server.post("/api/drain", "Sec-Fetch-Site", "same-site").statusCode())
                    .isEqualTo(403);
            assertThat(server.post("/api/drain", "Origin", "http://127.0.0.1:1").statusCode())
                    .isEqualTo(403);
            assertThat(server.post("/api/drain", "Origin", "null").statusCode()).isEqualTo(403);
            assertThat(server.drained.getCount()).isEqualTo(1);
        }
    }

    @Test
    void aNameThatWasMadeToMeanThisMachineIsRefused() throws Exception {
        try (var server = server().serve()) {
            for (String own : new String[] {"localhost:1", "LOCALHOST", "127.0.0.1:7001", "127.1.2.3", "[::1]:7001"}) {
                assertThat(server.raw("GET /api/state HTTP/1.1\r\nHost: " + own))
                        .as(own)
                        .startsWith("HTTP/1.1 200 ");
            }
            for (String other : new String[] {
                "evil.example",
                "127.0.0.1.evil.example",
                "localhost.evil.example:7001",
                "[2001:db8::1]",
                "[:::]",
                "10.0.0.1",
                ""
            }) {
                assertThat(server.raw("GET /api/state HTTP/1.1\r\nHost: " + other))
                        .as(other)
                        .startsWith("HTTP/1.1 403 ");
            }
            assertThat(server.raw("GET /health HTTP/1.1\r\nHost: 10.0.0.1"))
                    .as("probes")
                    .startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void withATokenNothingIsSeenWithoutIt() throws Exception {
        try (var server = serverWithToken()) {
            for (String path : new String[] {"/metrics", "/api/state", "/api/connections", "/page.js"}) {
                assertThat(server.get(path).statusCode()).as(path).isEqualTo(401);
                assertThat(server.get(path, "Authorization", "Bearer " + TOKEN + "x")
                                .statusCode())
                        .as(path)
                        .isEqualTo(401);
                assertThat(server.get(path, "Authorization", "Bearer " + TOKEN).statusCode())
                        .as(path)
                        .isEqualTo(200);
            }
            assertThat(server.post("/api/drain").statusCode()).isEqualTo(401);
            assertThat(server.drained.getCount()).isEqualTo(1);
            assertThat(server.get("/").headers().firstValue("Location")).hasValue("/login");
            assertThat(server.get("/health").statusCode()).isEqualTo(200);
            Await.until("ready", () -> server.get("/ready").statusCode() == 200);
        }
    }

    @Test
    void aLoginGivesACookieThatHoldsUntilTheTokenChanges() throws Exception {
        try (var server = serverWithToken()) {
            assertThat(server.postForm("/login", "token=wrong").statusCode()).isEqualTo(403);
            var answer = server.postForm("/login", "token=" + TOKEN.replace(' ', '+'));
            assertThat(answer.statusCode()).isEqualTo(303);
            String cookie = answer.headers().firstValue("Set-Cookie").orElseThrow();
            assertThat(cookie).contains("; Path=/", "; SameSite=Strict", "; HttpOnly");
            String value = cookie.substring(0, cookie.indexOf(';'));
            assertThat(server.get("/api/state", "Cookie", "other=1; " + value).statusCode())
                    .isEqualTo(200);
            assertThat(server.get("/api/state", "Cookie", value + "x").statusCode())
                    .isEqualTo(401);
            assertThat(server.get("/api/state", "Cookie", value.replaceFirst("=\\d", "=9"))
                            .statusCode())
                    .as("one that would hold longer")
                    .isEqualTo(401);
            Files.writeString(folder.resolve("token"), "short");
            assertThatThrownBy(() -> server.admin.prepareToken(folder.resolve("token")))
                    .hasMessageContaining("want a line of 16 characters");
            assertThat(server.get("/api/state", "Cookie", value).statusCode()).isEqualTo(200);
            Files.writeString(folder.resolve("token"), "another token, long enough");
            server.admin.prepareToken(folder.resolve("token")).run();
            assertThat(server.get("/api/state", "Cookie", value).statusCode()).isEqualTo(401);
        }
    }

    @Test
    void aBrowsersFormsAreTakenFromThisPageAlone() throws Exception {
        try (var server = serverWithToken()) {
            String own = server.admin.address().replaceFirst("/$", "");
            String form = "token=" + TOKEN.replace(' ', '+');
            assertThat(server.postForm("/login", form, "Origin", "null").statusCode())
                    .isEqualTo(403);
            var answer = server.postForm("/login", form, "Origin", own, "Sec-Fetch-Site", "same-origin");
            assertThat(answer.statusCode()).isEqualTo(303);
            String cookie = answer.headers().firstValue("Set-Cookie").orElseThrow();
            String value = cookie.substring(0, cookie.indexOf(';'));
            assertThat(server.postForm("/logout", "", "Origin", "null", "Cookie", value)
                            .statusCode())
                    .isEqualTo(403);
            assertThat(server.postForm("/logout", "", "Origin", own, "Cookie", value)
                            .statusCode())
                    .isEqualTo(303);
        }
    }

    @Test
    void aTokenFileThatIsNoTextIsRefused() throws Exception {
        Path file = Files.write(folder.resolve("token"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThatThrownBy(() -> Admin.checkToken(file))
                .isInstanceOf(IOException.class)
                .hasMessage(file + ": is not UTF-8");
    }

    @Test
    void aTokenFileThatOthersMayReadIsWarnedOf() throws Exception {
        Path file = Files.writeString(folder.resolve("token"), TOKEN);
        var errors = RecentErrors.listen();
        try {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
            Admin.checkToken(file);
            assertThat(told(errors)).doesNotContain("others than its owner");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
            Admin.checkToken(file);
            assertThat(told(errors))
                    .contains(file + ": others than its owner and group may read or change it (rw-r--r--); chmod 640");
        } finally {
            errors.close();
        }
    }

    private static String told(RecentErrors errors) {
        var json = new Json();
        errors.write(json, -1);
        return json.toString();
    }

    @Test
    void beyondLoopbackATokenIsWanted() {
        assertThatThrownBy(() -> Admin.bind(Heddle.shared(), "0.0.0.0", 0, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the admin page beyond loopback, at 0.0.0.0, wants a token");
        assertThatThrownBy(() -> Admin.bind(Heddle.shared(), "", 0, null)).hasMessageContaining("wants a token");
    }

    @Test
    void eachAnswerForbidsWhatThePageDoesNotNeed() throws Exception {
        try (var server = server().serve()) {
            for (String path : new String[] {"/", "/page.js", "/page.css", "/metrics", "/api/state", "/nowhere"}) {
                var headers = server.get(path).headers();
                assertThat(headers.firstValue("Content-Security-Policy").orElseThrow())
                        .as(path)
                        .startsWith("default-src 'none'; script-src 'self';");
                assertThat(headers.firstValue("X-Content-Type-Options")).hasValue("nosniff");
                assertThat(headers.firstValue("Cache-Control")).hasValue("no-store");
                assertThat(headers.firstValue("Referrer-Policy"))
                        .as("with no-referrer browsers send forms with Origin: null")
                        .hasValue("same-origin");
            }
            String page = server.get("/").body().toLowerCase(Locale.ROOT);
            assertThat(page).doesNotContain("http://", "https://", "style=", "onclick", "<script>");
        }
    }

    @Test
    void historyGoesOnWhereItWasRead() throws Exception {
        try (var server = server().serve()) {
            Await.until("a sample", () -> server.get("/api/state").body().contains("\"next\":1"));
            assertThat(server.get("/api/state?since=1").body()).contains("\"time\":[]", "\"acks\":[]");
            assertThat(server.get("/api/state?since=0").body()).contains("\"acks\":[0", "\"p50\":[null");
        }
    }
}
