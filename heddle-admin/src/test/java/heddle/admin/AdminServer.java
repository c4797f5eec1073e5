package heddle.admin;

import heddle.gateway.Counters;
import heddle.gateway.Gateway;
import heddle.gateway.GatewayOptions;
import heddle.gateway.Sink;
import heddle.gateway.StoreOptions;
import heddle.gateway.StoreSink;
import heddle.net.Heddle;
import heddle.net.Net;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A server with a store and its admin page, in this JVM. */
final class AdminServer implements AutoCloseable {
    final Counters counters = new Counters();
    final Sink sink;
    final Gateway gateway;
    final Admin admin;
    final String address;

    /** Down once somebody has asked for a drain. */
    final CountDownLatch drained = new CountDownLatch(1);

    private final HttpClient http = HttpClient.newHttpClient();
    private final Thread serving;

    AdminServer(Path folder) throws IOException {
        this(folder, new StoreOptions().segmentBytes(1 << 20), null); // files of 64 MiB take a while to make
    }

    AdminServer(Path folder, StoreOptions storing, @Nullable Path tokenFile) throws IOException {
        sink = new StoreSink(folder, storing, counters);
        gateway = new Gateway(Net.listen("tcp", "127.0.0.1:0"), sink, new GatewayOptions(), counters);
        address = gateway.address();
        admin = Admin.bind(Heddle.shared(), "127.0.0.1", 0, tokenFile);
        serving = Thread.ofVirtual().unstarted(() -> {
            try {
                gateway.serve();
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        admin.start(gateway, counters, drained::countDown);
    }

    AdminServer serve() {
        serving.start();
        return this;
    }

    HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        return send("GET", path, headers);
    }

    HttpResponse<String> post(String path, String... headers) throws IOException, InterruptedException {
        return send("POST", path, headers);
    }

    HttpResponse<String> send(String method, String path, String... headers) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(admin.address()).resolve(path))
                .method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> postForm(String path, String form, String... headers)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(admin.address()).resolve(path))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** The same with headers that the JDK's client keeps to itself; the whole answer. */
    String raw(String head) throws IOException {
        var at = URI.create(admin.address());
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), at.getPort())) {
            socket.getOutputStream()
                    .write((head + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            var answer = new ByteArrayOutputStream();
            socket.getInputStream().transferTo(answer);
            return answer.toString(StandardCharsets.UTF_8);
        }
    }

    /** The value of a line of /metrics that begins so. */
    double metric(String line) throws IOException, InterruptedException {
        return get("/metrics")
                .body()
                .lines()
                .filter(one -> one.startsWith(line + " "))
                .mapToDouble(one -> Double.parseDouble(one.substring(line.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no metric " + line));
    }

    @Override
    public void close() throws IOException {
        admin.close();
        http.shutdownNow();
        try {
            gateway.stop(Duration.ZERO);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        sink.close();
    }
}
