package heddle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.StoreReader;
import heddle.testing.Await;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients in processes of their own, whose servers are killed, or which are ended themselves. */
@Tag("thorough")
@Timeout(300)
class FailoverTest {
    @TempDir
    private Path folder;

    private Process submit(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(ServeProcess.java());
        command.add("submit");
        command.addAll(List.of(arguments));
        return start(command);
    }

    private Process start(List<String> command) throws IOException {
        return new ProcessBuilder(command)
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile())
                .start();
    }

    private String said(String stream) {
        try {
            return Files.readString(folder.resolve(stream));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void expectExit(Process process, int exit) throws InterruptedException {
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ended").isTrue();
        assertThat(process.exitValue()).as(() -> said("err")).isEqualTo(exit);
    }

    private static List<String> stored(Path data) throws IOException {
        List<String> all = new ArrayList<>();
        try (var reader = new StoreReader(data)) {
            for (var some = reader.next(); !some.isEmpty(); some = reader.next()) {
                some.forEach(message -> all.add(new String(message.payload(), StandardCharsets.US_ASCII)));
            }
        }
        return all;
    }

    /** Two servers, each with a store of its own, are killed by turns. */
    @Test
    void ofTwoServersThatAreKilledUnderLoadNothingIsMissing() throws Exception {
        int count = 12_000;
        var data = new Path[] {folder.resolve("a"), folder.resolve("b")};
        var servers = new ServeProcess[] {ServeProcess.start(data[0]), ServeProcess.start(data[1])};
        Process submit = submit(
                "--to=" + servers[0].address + "," + servers[1].address,
                "--resend",
                "--rate=2000",
                "--count=" + count,
                "--connections=8");
        try {
            for (int kill = 0; kill < 6; kill++) {
                int killed = kill % 2;
                int before = stored(data[killed]).size();
                Await.until("it has clients", () -> stored(data[killed]).size() > before + 100 || !submit.isAlive());
                servers[killed].kill();
                servers[killed] = ServeProcess.start(List.of(), servers[killed].address, data[killed]);
                // Those whose connection that was are at the other one, which is killed next.
            }
            expectExit(submit, 0);
            assertThat(said("out")).startsWith(count + " messages, " + count + " acknowledged in ");
        } finally {
            submit.destroyForcibly();
            for (var server : servers) {
                server.close();
            }
        }
        var there = new BitSet();
        for (var one : data) {
            stored(one).forEach(message -> there.set(Integer.parseInt(message.replace(".", ""))));
        }
        assertThat(there.cardinality()).isEqualTo(count);
    }

    /** The client in Python connects anew by itself. */
    @Test
    void aClientInPythonSurvivesKillsOfItsServer() throws Exception {
        var lines = IntStream.range(0, 200_000).mapToObj(Integer::toString).toList();
        var file = Files.write(folder.resolve("lines"), lines);
        var data = folder.resolve("data");
        var server = ServeProcess.start(data);
        String[] address = server.address.split(":", -1);
        Process python = start(List.of(
                "python3", "src/test/python/raw_client.py", address[0], address[1], file.toString(), "once", "n"));
        try {
            int kills = 0;
            for (; kills < 3 && python.isAlive(); kills++) {
                int before = stored(data).size();
                Await.until("messages come", () -> stored(data).size() > before + 1000 || !python.isAlive());
                server.kill();
                server = ServeProcess.start(List.of(), server.address, data);
            }
            expectExit(python, 0);
            assertThat(kills).isPositive();
            assertThat(said("out")).isEqualTo("200000 messages, all acknowledged\n");
        } finally {
            python.destroyForcibly();
            server.close();
        }
        assertThat(stored(data)).isEqualTo(lines);
    }

    @Test
    void aSignalEndsTheLoadAndWhatThereIsIsPrinted() throws Exception {
        try (var server = ServeProcess.start(folder.resolve("data"))) {
            Process submit = submit("--to=" + server.address, "--rate=100", "--duration=1h", "--connections=4");
            try {
                Await.until(
                        "messages come", () -> stored(folder.resolve("data")).size() > 10);
                submit.toHandle().destroy(); // SIGTERM, and stdin stays open
                expectExit(submit, 1);
            } finally {
                submit.destroyForcibly();
            }
            assertThat(said("err")).isEqualTo("heddle submit: ended by a signal\n");
            assertThat(said("out")).containsPattern("^(\\d+) messages, \\1 acknowledged in ");
        }
    }

    @Test
    void aSignalEndsTheWaitForALine() throws Exception {
        try (var server = ServeProcess.start(folder.resolve("data"))) {
            Process submit = submit("--to=" + server.address);
            try {
                submit.getOutputStream().write("one\n".getBytes(StandardCharsets.US_ASCII));
                submit.getOutputStream().flush();
                Await.until("it is there", () -> stored(folder.resolve("data")).contains("one"));
                submit.toHandle().destroy(); // SIGTERM, and stdin stays open
                expectExit(submit, 1);
            } finally {
                submit.destroyForcibly();
            }
            assertThat(said("out")).startsWith("1 messages, 1 acknowledged in ");
        }
    }

    /** Another client has taken the name over: the command does not wait for the next line. */
    @Test
    void whoIsTakenOverEndsThoughALineMayCome() throws Exception {
        try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Process submit = submit("--once", "--name=n", "--to=127.0.0.1:" + listener.getLocalPort());
            try (var conn = listener.accept()) {
                submit.getOutputStream().write("one\n".getBytes(StandardCharsets.US_ASCII));
                submit.getOutputStream().flush();
                var in = new DataInputStream(conn.getInputStream());
                var out = conn.getOutputStream();
                in.readNBytes(in.readInt() - 4); // conn
                out.write(ByteBuffer.allocate(14).putInt(14).put((byte) 0x81).array());
                in.readNBytes(in.readInt() - 4); // resume
                out.write(ByteBuffer.allocate(22).putInt(22).put((byte) 0x84).array());
                in.readNBytes(in.readInt() - 4); // submit once, number 1
                out.write(ByteBuffer.allocate(14)
                        .putInt(14)
                        .put((byte) 0x83)
                        .putLong(1)
                        .put((byte) 7)
                        .array());
                conn.shutdownOutput();
                expectExit(submit, 1);
            } finally {
                submit.destroyForcibly();
            }
            assertThat(said("err"))
                    .contains("another connection has resumed this name")
                    .contains("1 not acknowledged: another connection has resumed this name");
        }
    }
}
