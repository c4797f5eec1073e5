package heddle.cli;

import static heddle.cli.Ran.heddle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.gateway.StoreReader;
import heddle.testing.Await;
import heddle.testing.ForkedJvm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code serve} on a disk that is full, or fails at one call. */
@Timeout(900)
@Tag("thorough")
class FailingDiskTest {
    private static final int MESSAGES = 60;

    @TempDir
    private Path folder;

    // ---- Full

    private static boolean runs(String... command) throws Exception {
        return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
    }

    private static long stored(Path data) throws IOException {
        try (var reader = new StoreReader(data)) {
            return reader.end();
        }
    }

    /** Two files of the log fit. */
    @Test
    void aFullDiskIsAnsweredReadsGoOnAStartWorksAndItRecoversByItself() throws Exception {
        String disk = Files.createDirectory(folder.resolve("disk")).toString();
        assumeTrue(runs("mount", "-t", "tmpfs", "-o", "size=140m", "none", disk), "needs leave to mount");
        try {
            Path data = Path.of(disk, "data");
            long stored;
            try (var server = ServeProcess.start(data)) {
                var ran = heddle("submit", "--to", server.address, "--count=20000", "--size=10K", "--in-flight=64");
                assertThat(ran.exit()).isEqualTo(1);
                assertThat(ran.err()).contains("not acknowledged: not stored, try again later");
                stored = stored(data);
                assertThat(stored).isBetween(12_000L, 13_200L);
                assertThat(heddle("verify", "--data", data.toString()).exit()).isZero();
                assertThat(server.terminate()).isZero();
                assertThat(server.stderr()).contains("not storing: the disk is full: ");
            }
            try (var server = ServeProcess.start(data)) {
                var ran = heddle("submit", "--to", server.address, "--count=1", "--size=100K");
                assertThat(ran.err()).contains("not stored, try again later");
                assertThat(runs("mount", "-o", "remount,size=400m", disk)).isTrue();
                ran = heddle("submit", "--to", server.address, "--count=1000", "--size=10K");
                assertThat(ran.exit()).as(ran.err()).isZero();
                assertThat(server.terminate()).isZero();
                assertThat(server.stderr()).contains(": storing again");
            }
            assertThat(stored(data)).isEqualTo(stored + 1000);
            assertThat(heddle("verify", "--data", data.toString()).exit()).isZero();
        } finally {
            runs("umount", "--lazy", disk);
        }
    }

    /** A start that has to write, and cannot, says where and why. */
    @Test
    void aStartThatCannotWriteTheLogSaysWhere() throws Exception {
        Path data = folder.resolve("data");
        try (var server = ServeProcess.start(data)) {
            assertThat(server.terminate()).isZero();
        }
        Path log = data.resolve("log/00000000000000000001.log");
        try (var file = FileChannel.open(log, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.allocate(8), 0); // in the first of two heads, which the next start mends
        }
        List<String> strace = List.of(
                "strace",
                "-f",
                "-o",
                folder.resolve("trace").toString(),
                "-P",
                log.toString(),
                "-e",
                "inject=pwrite64:error=EIO:when=1");
        assumeTrue(ForkedJvm.canStartBy(strace), "needs strace, and leave to use it");
        assertThatThrownBy(() -> ServeProcess.start(strace, "127.0.0.1:0", data).close())
                .hasMessageContaining("data folder " + data + ": 00000000000000000001.log: Input/output error");
        try (var server = ServeProcess.start(data)) {
            assertThat(server.terminate()).isZero();
        }
    }

    // ---- The k-th call fails

    /** Each for the first commits and some later ones; {@code -Dfaults.each=N} for each of the first N. */
    static Stream<String> faults() {
        int each = Integer.getInteger("faults.each", 0);
        var counts = each > 0 ? IntStream.rangeClosed(1, each) : IntStream.of(1, 2, 17);
        return counts.boxed()
                .flatMap(k -> Stream.of(
                                "pwrite64:error=EIO",
                                "pwrite64:error=ENOSPC",
                                "pwrite64:signal=KILL",
                                "fdatasync:error=EIO",
                                "fdatasync:error=ENOSPC",
                                "fdatasync:signal=KILL")
                        .map(fault -> fault + ":when=" + k));
    }

    /** A failing call ends the server with 1; the client goes on at the next one, and has each message there once. */
    @ParameterizedTest
    @MethodSource("faults")
    void atAnyCallOfTheLogEachMessageIsThereOnceAndInOrder(String fault) throws Exception {
        Path data = folder.resolve("data");
        Path lines = folder.resolve("lines");
        Files.writeString(lines, "0\n");
        // The next start writes nothing then, so each call that fails is a commit's.
        try (var server = ServeProcess.start(data)) {
            var first = heddle("submit", "--once", "--name=n", "--to", server.address, lines.toString());
            assertThat(first.exit()).as(first.err()).isZero();
            assertThat(server.terminate()).isZero();
        }
        List<String> strace = List.of(
                "strace",
                "-f",
                "-o",
                folder.resolve("trace").toString(),
                "-P",
                data.resolve("log/00000000000000000001.log").toString(),
                "-e",
                "inject=" + fault);
        assumeTrue(ForkedJvm.canStartBy(strace), "needs strace, and leave to use it");
        Files.write(
                lines, IntStream.range(1, MESSAGES).mapToObj(Integer::toString).toList());
        Ran ran;
        try (var failing = ServeProcess.start(strace, "127.0.0.1:0", data)) {
            var submit = new FutureTask<>(() ->
                    heddle("submit", "--once", "--name=n", "--in-flight=1", "--to", failing.address, lines.toString()));
            Thread.ofPlatform().daemon().start(submit);
            Await.until("it ends by itself", () -> !failing.isAlive());
            if (fault.contains("error=")) {
                assertThat(failing.exitCode()).isEqualTo(1);
                assertThat(failing.stderr())
                        .contains("storing has ended: message ")
                        .contains(" in doubt: writing failed: ");
            }
            try (var next = ServeProcess.start(List.of(), failing.address, data)) {
                ran = submit.get();
                assertThat(next.terminate()).isZero();
            }
        }
        assertThat(ran.exit()).as(ran.err()).isZero();
        try (var reader = new StoreReader(data)) {
            var all = reader.next();
            assertThat(all).hasSize(MESSAGES);
            for (int i = 0; i < MESSAGES; i++) {
                assertThat(new String(all.get(i).payload(), StandardCharsets.US_ASCII))
                        .isEqualTo(Integer.toString(i));
                assertThat(all.get(i).sequence()).isEqualTo(i + 1);
            }
        }
        assertThat(heddle("verify", "--data", data.toString()).out())
                .contains("messages 1 to 60: 60 whole, 0 lost", "n: 60 messages, 60 numbered 1 to 60, 0 missing");
    }
}
