package heddle.cli;

import static heddle.cli.Ran.heddle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.gateway.StoreReader;
import heddle.testing.Await;
import heddle.testing.ForkedJvm;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server as a process, and submit against it. */
@Timeout(120)
@Tag("thorough")
class ServeTest {
    @TempDir
    private Path folder;

    private Path data() {
        return folder.resolve("data");
    }

    private static List<String> stored(Path data) throws IOException {
        List<String> all = new ArrayList<>();
        try (var reader = new StoreReader(data)) {
            for (var some = reader.next(); !some.isEmpty(); some = reader.next()) {
                some.forEach(m -> all.add(new String(m.payload(), StandardCharsets.ISO_8859_1)));
            }
        }
        return all;
    }

    private Path file(String content) throws IOException {
        return Files.writeString(folder.resolve("lines"), content, StandardCharsets.ISO_8859_1);
    }

    @Test
    void linesAreBytesAndSigtermEndsInOrder() throws Exception {
        var file = file("crlf\r\n\n\0nul\n\u00ff\u00fe\nwithout a line feed");
        try (var server = ServeProcess.start(data())) {
            assertThat(server.ready).contains(", data in " + data() + ", sync always, ");
            var ran = heddle("submit", "--to", server.address, file.toString());
            assertThat(ran.exit()).as(ran.err()).isZero();
            assertThat(ran.out())
                    .startsWith("5 messages, 5 acknowledged in ")
                    .contains("ack latency p50 ", "p99 ", "max ");
            assertThat(stored(data())).containsExactly("crlf\r", "", "\0nul", "\u00ff\u00fe", "without a line feed");
            assertThat(server.terminate()).isZero();
            assertThat(server.stderr()).contains("heddle serve: submits acknowledged: 5 messages");
        }
        assertThat(stored(data())).hasSize(5);
    }

    @Test
    void aLineThatIsTooLongIsNamedAndWhatCameBeforeIsKept() throws Exception {
        var file = file("one\ntwo\n" + "x".repeat(100) + "\nfour\n");
        try (var server = ServeProcess.start(data())) {
            var ran = heddle("submit", "--to", server.address, "--max-frame", "112", file.toString());
            assertThat(ran.exit()).isEqualTo(1);
            assertThat(ran.out()).startsWith("2 messages, 2 acknowledged");
            assertThat(ran.err())
                    .startsWith("heddle submit: "
                            + file
                            + " line 3: longer than 99 bytes, so it and what follows were"
                            + " not sent; for longer ones raise --max-frame, here and at"
                            + " the server")
                    .hasLineCount(1);
            assertThat(stored(data())).containsExactly("one", "two");
        }
    }

    @Test
    void aServerWithASmallerLimitIsAnErrorThatSaysSo() throws Exception {
        var file = file("one\n" + "x".repeat(100) + "\n");
        try (var server = ServeProcess.start(data(), "--max-frame", "50")) {
            var ran = heddle("submit", "--to", server.address, file.toString());
            assertThat(ran.exit()).isEqualTo(1);
            assertThat(ran.err())
                    .isEqualTo("heddle submit: server gone: the server at "
                            + server.address
                            + " closed the connection; message 2, of 100 bytes, may be"
                            + " larger than the server's --max-frame\n"
                            + "heddle submit: 1 not acknowledged: connection lost before"
                            + " the ack\n");
        }
    }

    @Test
    void withResendAMessageThatTheServerNeverTakesIsRefusedAndTheRestKept() throws Exception {
        var file = file("one\n" + "x".repeat(100) + "\nthree\n");
        try (var server = ServeProcess.start(data(), "--max-frame", "50")) {
            var ran = heddle("submit", "--resend", "--to", server.address, file.toString());
            assertThat(ran.exit()).isEqualTo(1);
            assertThat(ran.out()).startsWith("3 messages, 2 acknowledged");
            assertThat(ran.err())
                    .contains("message 2, of 100 bytes, may be larger than the server's --max-frame")
                    .endsWith("heddle submit: 1 not acknowledged: the server closes the connection"
                            + " at it: probably larger than its --max-frame\n");
            assertThat(stored(data())).containsExactly("one", "three");
        }
    }

    /** It ends in order with nothing in flight, so that only its end tells. */
    @Test
    void withoutResendTheEndOfTheServerEndsSubmitAlsoBetweenTwoLines() throws Exception {
        List<String> command = new ArrayList<>(ServeProcess.java());
        Path err = folder.resolve("err");
        try (var server = ServeProcess.start(data())) {
            command.addAll(List.of("submit", "--to", server.address));
            Process submit =
                    new ProcessBuilder(command).redirectError(err.toFile()).start();
            try {
                submit.getOutputStream().write("one\n".getBytes(StandardCharsets.US_ASCII));
                submit.getOutputStream().flush();
                Await.until("it is stored", () -> stored(data()).contains("one"));
                assertThat(server.terminate()).isZero();
                try (var _ = ServeProcess.start(List.of(), server.address, data())) {
                    assertThat(submit.waitFor(60, TimeUnit.SECONDS)).as("ended").isTrue();
                }
                assertThat(submit.exitValue()).isEqualTo(1);
                assertThat(Files.readString(err))
                        .isEqualTo("heddle submit: server gone: the server at "
                                + server.address
                                + " closed the connection\n");
                assertThat(stored(data())).containsExactly("one");
            } finally {
                submit.destroyForcibly();
            }
        }
    }

    @Test
    void withResendWhatIsWaitedForIsSaidAtTheFirstRefusal() throws Exception {
        String address;
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = "127.0.0.1:" + free.getLocalPort();
        }
        List<String> command = new ArrayList<>(ServeProcess.java());
        command.addAll(List.of("submit", "--resend", "--to", address, "--count", "1"));
        Process submit = new ProcessBuilder(command).start();
        try (var err = submit.errorReader()) {
            assertThat(err.readLine())
                    .startsWith(
                            "heddle submit: dial tcp " + address + ": connect: connection refused; trying again for ")
                    // What is left of 30 s when it is said.
                    .matches(".* for ([1-9]|[12]\\d|30) s at most");
            try (var _ = ServeProcess.start(List.of(), address, data())) {
                assertThat(err.readLine()).isEqualTo("heddle submit: connected again");
                assertThat(submit.waitFor(60, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(submit.exitValue()).isZero();
        } finally {
            submit.destroyForcibly();
        }
    }

    @Test
    void aServerThatGoesAwayIsOneLineAndWhatIsUnacknowledgedIsCounted() throws Exception {
        try (var server = ServeProcess.start(data())) {
            var submit = new FutureTask<>(() -> heddle("submit", "--to", server.address, "--count", "100000000"));
            Thread.ofPlatform().daemon().start(submit);
            Await.until("1000 are stored", () -> stored(data()).size() >= 1000);
            server.kill();
            var ran = submit.get();
            assertThat(ran.exit()).isEqualTo(1);
            assertThat(ran.err())
                    .contains("heddle submit: server gone: ")
                    .contains("not acknowledged: connection lost before the ack")
                    .doesNotContain("\tat ");
        }
    }

    /** The server is the test's, so that a message is in flight for sure when the connection ends. */
    @Test
    void aServerThatGoesAwayEndsASubmitWhoseStdinIsSilent() throws Exception {
        try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            listener.setSoTimeout(60_000);
            List<String> command = new ArrayList<>(ServeProcess.java());
            command.addAll(List.of("submit", "--to", "127.0.0.1:" + listener.getLocalPort()));
            Path err = folder.resolve("err");
            Process submit =
                    new ProcessBuilder(command).redirectError(err.toFile()).start();
            try (var conn = listener.accept()) {
                var in = new DataInputStream(conn.getInputStream());
                in.readNBytes(in.readInt() - 4);
                conn.getOutputStream().write(HexFormat.of().parseHex("0000000e" + "81" + "0".repeat(16) + "00"));
                submit.getOutputStream().write("one\n".getBytes(StandardCharsets.US_ASCII));
                submit.getOutputStream().flush();
                in.readNBytes(in.readInt() - 4);
                conn.shutdownOutput();
                assertThat(submit.waitFor(60, TimeUnit.SECONDS)).as("ended").isTrue();
            } finally {
                submit.destroyForcibly();
            }
            assertThat(submit.exitValue()).isEqualTo(1);
            assertThat(Files.readString(err))
                    .startsWith("heddle submit: server gone: ")
                    .endsWith("heddle submit: 1 not acknowledged: connection lost before the ack\n");
        }
    }

    @Test
    void withResendSubmitGoesOnAfterARestart() throws Exception {
        int count = 5_000;
        try (var server = ServeProcess.start(data())) {
            var submit = new FutureTask<>(
                    () -> heddle("submit", "--resend", "--to", server.address, "--in-flight=64", "--count=" + count));
            Thread.ofPlatform().daemon().start(submit);
            Await.until("1000 are stored", () -> stored(data()).size() >= 1000);
            server.kill();
            try (var again = ServeProcess.start(List.of(), server.address, data())) {
                var ran = submit.get();
                assertThat(ran.exit()).as(ran.err()).isZero();
                assertThat(ran.out()).startsWith(count + " messages, " + count + " acknowledged");
                assertThat(stored(data()).stream().distinct()).hasSize(count);
                assertThat(again.terminate()).isZero();
            }
        }
    }

    @Test
    void aFolderHasOneServer() throws Exception {
        try (var server = ServeProcess.start(data())) {
            var ran = heddle("serve", "--listen", "127.0.0.1:0", "--data", data().toString());
            assertThat(ran.exit()).isEqualTo(1);
            assertThat(ran.err())
                    .isEqualToIgnoringNewLines("heddle serve: data folder "
                            + data()
                            + ": in use by another server; stop that one, or choose"
                            + " another folder (serve --data DIR)");
            assertThat(server.terminate()).isZero();
        }
    }

    @Test
    void whereItListensIsSaidOnceAndTheEndIsNotWaitedForInSilence() throws Exception {
        try (var server = ServeProcess.start(data(), "--drain-timeout=1h")) {
            String port = server.address.substring(server.address.indexOf(':') + 1);
            try (var client = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(port))) {
                client.getOutputStream().write(HexFormat.of().parseHex("0000000d" + "01" + "0".repeat(16)));
                new DataInputStream(client.getInputStream()).readFully(new byte[14]);
                server.signal();
                Await.until(
                        "the end is announced",
                        () -> server.stderr()
                                .contains("heddle serve: ending: waits for 1 connection to"
                                        + " close, 3600000 ms at most; another"
                                        + " signal ends it at once\n"));
                assertThat(server.terminate()).as("by the second signal").isEqualTo(1);
            }
            assertThat(server.stderr()).doesNotContain("127.0.0.1:" + port + "\n");
        }
    }

    @Test
    void anEndWithoutClientsIsNotAnnounced() throws Exception {
        try (var server = ServeProcess.start(data())) {
            assertThat(server.terminate()).isZero();
            assertThat(server.stderr()).doesNotContain("ending: ");
        }
    }

    @Test
    void isSeenByHttpAndEndsWhenThePageAsks() throws Exception {
        try (var server = ServeProcess.start(data(), "--admin-listen=127.0.0.1:0", "--log-json")) {
            String page = server.ready.replaceFirst(".*, admin page at (http://127\\.0\\.0\\.1:\\d+/)$", "$1");
            try (var http = HttpClient.newHttpClient()) {
                var ready = HttpRequest.newBuilder(URI.create(page + "ready")).build();
                Await.until(
                        "ready",
                        () -> http.send(ready, HttpResponse.BodyHandlers.ofString())
                                        .statusCode()
                                == 200);
                var drain = HttpRequest.newBuilder(URI.create(page + "api/drain"))
                        .POST(HttpRequest.BodyPublishers.noBody())
                        .build();
                assertThat(http.send(drain, HttpResponse.BodyHandlers.ofString())
                                .statusCode())
                        .isEqualTo(200);
            }
            assertThat(server.awaitExit()).isZero();
            assertThat(server.stderr().lines()).isNotEmpty().allMatch(line -> line.matches("\\{\"time\":.*\"}"));
        }
    }

    @Test
    void anAdminPortThatIsTakenMattersOnlyIfItWasAskedFor() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            var ran = heddle("serve", "--listen=127.0.0.1:0", "--admin-listen", address, "--data", data().toString());
            assertThat(ran.exit()).isEqualTo(1);
            assertThat(ran.err())
                    .startsWith("heddle serve: admin page: " + address + ": ")
                    .contains("choose another with --admin-listen HOST:PORT");
            assertThat(data()).doesNotExist();
        }
    }

    @Test
    void anAdminPageBeyondLoopbackWantsAToken() {
        var ran = heddle("serve", "--listen=127.0.0.1:0", "--admin-listen=0.0.0.0:0", "--data", data().toString());
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err())
                .contains("--admin-listen: the admin page beyond loopback, at 0.0.0.0: want --admin-token-file too");
        assertThat(data()).doesNotExist();
    }

    /** The check of the options leaves it to the start: the name may have an address by then. */
    @Test
    void anUnknownHostIsToldOfThePageAsOfTheClientsPort() {
        for (String option : List.of("--listen", "--admin-listen")) {
            String other = option.equals("--listen") ? "--admin-listen=off" : "--listen=127.0.0.1:0";
            var ran = heddle("serve", other, "--data=" + data(), option + "=nowhere.invalid:7000");
            assertThat(ran.exit()).as(ran.err()).isEqualTo(1);
            assertThat(ran.err())
                    .isEqualToIgnoringNewLines(
                            option.equals("--listen")
                                    ? "heddle serve: listen tcp: lookup nowhere.invalid: no such host"
                                    : "heddle serve: admin page: lookup nowhere.invalid: no such host");
        }
        assertThat(data()).doesNotExist();
    }

    @Test
    void aTokenKeepsOthersOut() throws Exception {
        try (var server = ServeProcess.start(data(), "--token", "secret")) {
            var ran = heddle("submit", "--to", server.address, "--count", "1", "--token", "wrong");
            assertThat(ran.exit()).isEqualTo(1);
            assertThat(ran.err())
                    .isEqualToIgnoringNewLines(
                            "heddle submit: conn " + server.address + ": not introduced or not allowed");
            assertThat(heddle("submit", "--to", server.address, "--count", "1", "--token", "secret")
                            .exit())
                    .isZero();
        }
    }

    @Test
    void aFullStoreIsSaidAndSurvived() throws Exception {
        try (var server = ServeProcess.start(data(), "--max-store", "1M")) {
            var ran = heddle("submit", "--to", server.address, "--count", "200", "--size", "10K", "--in-flight=1");
            assertThat(ran.exit()).isEqualTo(1);
            assertThat(ran.err()).contains("not acknowledged: not stored, try again later");
            assertThat(heddle("submit", "--to", server.address, "--count", "1", "--size", "1")
                            .exit())
                    .isZero();
            assertThat(server.terminate()).isZero();
            assertThat(server.stderr()).contains("not storing: the store is full: ");
        }
    }

    /** The promise of sync=always is the kernel's to keep; that we ask for it is seen in our system calls. */
    @Test
    void withSyncAlwaysEachCommitIsOneWriteAndOneSyncOfTheLog() throws Exception {
        var calls = callsAtTheLog("always");
        assertThat(calls.stream().filter(call -> call.contains(" pwrite64("))).hasSize(50);
        assertThat(calls.stream().filter(call -> call.contains(" fdatasync("))).hasSize(50);
        assertThat(calls).as("no other sync").hasSize(100);
    }

    @Test
    void withSyncIntervalManyCommitsShareASyncOfTheLog() throws Exception {
        var calls = callsAtTheLog("interval");
        assertThat(calls.stream().filter(call -> call.contains("sync("))).hasSizeBetween(1, 20);
    }

    /** For 50 messages, each sent after the ack of the last. One is there already, so the start writes nothing. */
    private List<String> callsAtTheLog(String sync) throws Exception {
        Path trace = folder.resolve("trace");
        List<String> strace = List.of(
                "strace",
                "-f",
                "--seccomp-bpf", // so that all other calls cost nothing
                "-y",
                "-e",
                "trace=fsync,fdatasync,write,pwrite64,pwritev",
                "-o",
                trace.toString());
        assumeTrue(ForkedJvm.canStartBy(strace), "needs strace, and leave to use it");
        try (var server = ServeProcess.start(data())) {
            assertThat(heddle("submit", "--to", server.address, "--count=1").exit())
                    .isZero();
            assertThat(server.terminate()).isZero();
        }
        try (var server = ServeProcess.start(strace, "127.0.0.1:0", data(), "--sync=" + sync, "--sync-interval=1h")) {
            var ran = heddle("submit", "--to", server.address, "--count=50", "--in-flight=1");
            assertThat(ran.exit()).as(ran.err()).isZero();
            server.terminateTraced();
        }
        try (var lines = Files.lines(trace)) {
            return lines.filter(line -> line.contains("/00000000000000000001.log>"))
                    .toList();
        }
    }
}
