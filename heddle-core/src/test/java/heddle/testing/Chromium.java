package heddle.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serial;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Chromium without a window, told what to do by its DevTools protocol: the width of a phone and the colour scheme are
 * out of reach of WebDriver, which would only be a way to send these messages. One thread.
 */
public final class Chromium implements AutoCloseable {

    private static final long LIMIT_SECONDS = 60;
    private static final Pattern ID = Pattern.compile("\"id\":(\\d+)");
    private static final Pattern PAGE =
            Pattern.compile("\"type\": *\"page\"[^}]*\"webSocketDebuggerUrl\": *\"([^\"]+)\"");
    private static final String PAGE_LEFT = "Inspected target navigated or closed";
    private static final Pattern VALUE = Pattern.compile("\"value\":\"([A-Za-z0-9+/=]*)\"");
    private static final Pattern DATA = Pattern.compile("\"data\":\"([A-Za-z0-9+/=]*)\"");

    private final Process process;
    private final HttpClient http;
    private final WebSocket socket;
    private final AtomicInteger lastId = new AtomicInteger();
    private final Map<Integer, CompletableFuture<String>> answers = new ConcurrentHashMap<>();

    /** The first on the PATH. */
    public static Optional<Path> find() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Starts {@code program} with {@code profile}, an empty folder, for all that it keeps. */
    public Chromium(Path program, Path profile) throws Exception {
        process = new ProcessBuilder(
                        program.toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--hide-scrollbars",
                        "--user-data-dir=" + profile,
                        "--remote-debugging-port=0",
                        "about:blank")
                .redirectErrorStream(true)
                .redirectOutput(profile.resolve("output").toFile())
                .start();
        Path portFile = profile.resolve("DevToolsActivePort");
        try {
            Await.until("Chromium's port", () -> {
                assertThat(process.isAlive()).isTrue();
                return Files.exists(portFile) && Files.readAllLines(portFile).size() >= 2;
            });
        } catch (AssertionError notStarted) {
            process.destroyForcibly();
            throw new IOException(
                    "Chromium does not start: " + Files.readString(profile.resolve("output")), notStarted);
        }
        http = HttpClient.newHttpClient();
        socket = connect(Files.readAllLines(portFile).getFirst());
    }

    private WebSocket connect(String port) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json/list"))
                .build();
        String pages = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        Matcher page = PAGE.matcher(pages);
        if (!page.find()) {
            throw new IOException("no page in " + pages);
        }
        return http.newWebSocketBuilder()
                .buildAsync(URI.create(page.group(1)), new Listener())
                .get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    /** Puts messages together and hands answers to those who wait for them; events are of no interest. */
    private final class Listener implements WebSocket.Listener {
        private final StringBuilder message = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            message.append(data);
            if (last) {
                Matcher id = ID.matcher(message);
                if (id.find()) {
                    CompletableFuture<String> answer = answers.remove(Integer.parseInt(id.group(1)));
                    if (answer != null) {
                        answer.complete(message.toString());
                    }
                }
                message.setLength(0);
            }
            from.request(1);
            return CompletableFuture.completedFuture(null);
        }
    }

    private String send(String method, String parameters) throws Exception {
        int id = lastId.incrementAndGet();
        var answer = new CompletableFuture<String>();
        answers.put(id, answer);
        socket.sendText("{\"id\":%d,\"method\":\"%s\",\"params\":{%s}}".formatted(id, method, parameters), true)
                .get(LIMIT_SECONDS, TimeUnit.SECONDS);
        String text = answer.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        if (text.contains("\"error\":") || text.contains("\"exceptionDetails\":")) {
            String said = method + ": " + text.substring(0, Math.min(2_000, text.length()));
            throw text.contains(PAGE_LEFT) ? new PageLeftException(said) : new IOException(said);
        }
        return text;
    }

    /** The page was left while a script ran in it or was on its way to it. */
    private static final class PageLeftException extends IOException {
        @Serial
        private static final long serialVersionUID = 1;

        PageLeftException(String message) {
            super(message);
        }
    }

    /**
     * Waits as {@link Await#until(Supplier, Await.Condition)} does, also while the browser goes from one page to
     * another: a look that began in the page before is made again.
     */
    public void until(Supplier<String> what, Await.Condition condition) throws Exception {
        Await.until(what, () -> {
            try {
                return condition.holds();
            } catch (PageLeftException again) {
                return false;
            }
        });
    }

    /** Opens a page that says in its root's {@code data-drawn} how much of it is drawn, and waits for some of that. */
    public void open(URI page) throws Exception {
        send("Page.navigate", "\"url\":\"" + page + "\"");
        until(
                () -> "the page is drawn",
                () -> evaluate("document.readyState + document.documentElement?.dataset.drawn")
                        .matches("complete\\d+"));
    }

    /** Opens any page, and waits until it is loaded. */
    public void load(URI page) throws Exception {
        send("Page.navigate", "\"url\":\"" + page + "\"");
        until(() -> "the page is loaded", () -> evaluate("document.readyState").equals("complete"));
    }

    /** A screen of this size, by day or by night; up to 600 pixels wide it is a phone's. */
    public void screen(int width, int height, boolean dark) throws Exception {
        send(
                "Emulation.setDeviceMetricsOverride",
                "\"width\":%d,\"height\":%d,\"deviceScaleFactor\":1,\"mobile\":%b"
                        .formatted(width, height, width < 600));
        send(
                "Emulation.setEmulatedMedia",
                "\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"%s\"}]"
                        .formatted(dark ? "dark" : "light"));
    }

    private static String quoted(String text) {
        return '"'
                + text.replace("\\", "\\\\")
                        .replace("\"", "\\\"")
                        .replace("\n", "\\n")
                        .replace("\t", "\\t")
                + '"';
    }

    /** What {@code script} gives, as a text. */
    public String evaluate(String script) throws Exception {
        // In base64, so that nothing in an answer has to be unescaped.
        String wrapped = "btoa(String.fromCharCode(...new TextEncoder().encode(String(" + script + "))))";
        Matcher value =
                VALUE.matcher(send("Runtime.evaluate", "\"returnByValue\":true,\"expression\":" + quoted(wrapped)));
        if (!value.find()) {
            throw new IOException("no value from " + script);
        }
        return new String(Base64.getDecoder().decode(value.group(1)), StandardCharsets.UTF_8);
    }

    /** What a script of {@code owner}'s folder gives, as a text. Its first line is a comment. */
    public String evaluate(Class<?> owner, String script) throws Exception {
        try (InputStream in = owner.getResourceAsStream(script)) {
            if (in == null) {
                throw new IOException("no script " + script);
            }
            return evaluate(new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .strip()
                    .replaceFirst("^//.*\n", ""));
        }
    }

    /** Each text that cannot be told from what is behind it, a line each; empty if there is none. */
    public String lowContrast() throws Exception {
        return evaluate(Chromium.class, "contrast.js");
    }

    /** The page from {@code top} on, as PNG. */
    public byte[] screenshot(int width, int top, int height) throws Exception {
        Matcher data = DATA.matcher(send(
                "Page.captureScreenshot",
                "\"captureBeyondViewport\":true,\"clip\":{\"x\":0,\"y\":%d,\"width\":%d,\"height\":%d,\"scale\":1}"
                        .formatted(top, width, height)));
        if (!data.find()) {
            throw new IOException("no picture");
        }
        return Base64.getDecoder().decode(data.group(1));
    }

    @Override
    public void close() {
        socket.abort();
        http.shutdownNow();
        http.close();
        List<ProcessHandle> all = process.descendants().toList();
        process.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
        process.onExit().join();
    }
}
