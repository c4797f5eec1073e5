package heddle.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.gateway.StoreReader;
import heddle.testing.Await;
import heddle.testing.ForkedJvm;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code submit --once} while its server is killed again and again: each message is there once, in order. The kills:
 * 20, or {@code -Donce.kills=N}.
 */
@Tag("thorough")
@Timeout(900)
class OnceKillTest {
    private static final int KILLS = Integer.getInteger("once.kills", 20);

    @TempDir
    private Path folder;

    /** Lines flow for as long as servers are killed; each server gets some of them. */
    @Test
    void underKillsEachMessageIsThereOnceAndInOrder() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var data = folder.resolve("data");
        var err = folder.resolve("err");
        var server = ServeProcess.start(data);
        String address = server.address;
        List<String> command = new ArrayList<>(ServeProcess.java());
        command.addAll(List.of("submit", "--once", "--name", "killed", "--to", address));
        Process submit = new ProcessBuilder(command).redirectError(err.toFile()).start();
        var killing = new FutureTask<>(() -> {
            var last = server;
            for (int kill = 0; kill < KILLS; kill++) {
                int before = count(data);
                int more = 1 + random.nextInt(3000);
                Await.until("messages come", () -> count(data) >= before + more);
                last.kill();
                last = ServeProcess.start(List.of(), address, data);
            }
            return last;
        });
        int lines = 0;
        try {
            Thread.ofPlatform().daemon().start(killing);
            try (OutputStream out = submit.getOutputStream()) {
                while (!killing.isDone()) {
                    out.write((lines++ + "\n").getBytes(StandardCharsets.US_ASCII));
                    if (lines % 100 == 0) {
                        out.flush();
                    }
                }
            }
            try (var last = killing.get()) {
                assertThat(submit.waitFor(60, TimeUnit.SECONDS))
                        .as("ended, seed %d", seed)
                        .isTrue();
                assertThat(submit.exitValue())
                        .as(() -> "seed " + seed + ": " + text(err))
                        .isZero();
                assertThat(last.terminate()).isZero();
            }
        } finally {
            submit.destroyForcibly();
        }
        expectNumbers(data, lines, "seed " + seed);
        String said = text(err);
        assertThat(said.split("connecting again to send", -1).length - 1)
                .as(said)
                .isGreaterThanOrEqualTo(KILLS);
    }

    /** Each thread's 60th sync fails. Of the writer's, whether its commit is there is in doubt, and the server ends. */
    @Test
    void underFsyncsThatFailEachMessageIsThereOnceAndInOrder() throws Exception {
        List<String> strace = List.of(
                "strace",
                "-f",
                "--seccomp-bpf",
                "-o",
                folder.resolve("trace").toString(),
                "-e",
                "inject=fsync,fdatasync:error=EIO:when=60");
        assumeTrue(ForkedJvm.canStartBy(strace), "needs strace, and leave to use it");
        var data = folder.resolve("data");
        var lines = folder.resolve("lines");
        Files.write(lines, IntStream.range(0, 1000).mapToObj(Integer::toString).toList());
        var server = ServeProcess.start(strace, "127.0.0.1:0", data);
        String address = server.address;
        var submit = new FutureTask<>(
                () -> Ran.heddle("submit", "--once", "--name=n", "--in-flight=8", "--to", address, lines.toString()));
        Thread.ofPlatform().daemon().start(submit);
        int ended = 0;
        while (true) {
            var running = server;
            Await.until("the server ends, or all is sent", () -> !running.isAlive() || submit.isDone());
            if (running.isAlive()) {
                break;
            }
            ended++;
            assertThat(running.exitCode()).isEqualTo(1);
            assertThat(running.stderr())
                    .contains("storing has ended: message")
                    .contains(" in doubt: writing failed: ")
                    .contains("submits in doubt: ");
            server = ServeProcess.start(strace, address, data);
        }
        var ran = submit.get();
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.out()).startsWith("1000 messages, 1000 acknowledged");
        assertThat(ran.err()).contains(": in doubt, may or may not be kept; connecting again to send ");
        assertThat(ended).isPositive();
        server.terminateTraced();
        expectNumbers(data, 1000, "failing fsyncs");
    }

    /** The store holds the decimal numbers from 0 on, so many, in order. */
    private static void expectNumbers(Path data, int count, String run) throws IOException {
        int next = 0;
        try (var reader = new StoreReader(data)) {
            for (var some = reader.next(); !some.isEmpty(); some = reader.next()) {
                for (var message : some) {
                    assertThat(new String(message.payload(), StandardCharsets.US_ASCII))
                            .as(run)
                            .isEqualTo(Integer.toString(next++));
                }
            }
        }
        assertThat(next).as(run).isEqualTo(count);
    }

    private static int count(Path data) throws Exception {
        try (var reader = new StoreReader(data)) {
            return (int) reader.end();
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
