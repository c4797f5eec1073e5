package heddle.cli;

import static heddle.cli.Ran.heddle;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.StoreReader;
import heddle.testing.Await;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** SIGHUP to a server that runs. */
@Timeout(120)
@Tag("thorough")
class ReloadTest {
    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void file() {
        file = folder.resolve("heddle.toml");
    }

    private ServeProcess start(String content) throws IOException {
        Files.writeString(file, content);
        return ServeProcess.start(folder.resolve("data"), "--config", file.toString());
    }

    /** What the log says of this reload. */
    private static String reload(ServeProcess server) throws Exception {
        return server.reload("reloaded: ", "nothing is changed");
    }

    private static Socket introduced(ServeProcess server) throws IOException {
        int port = Integer.parseInt(server.address.substring(server.address.indexOf(':') + 1));
        var client = new Socket(InetAddress.getLoopbackAddress(), port);
        client.getOutputStream().write(HexFormat.of().parseHex("0000000d" + "01" + "0".repeat(16)));
        new DataInputStream(client.getInputStream()).readFully(new byte[14]);
        return client;
    }

    /** Without --resend, so one connection that is dropped would fail it. */
    @Test
    void aClientAtFullSpeedSeesNothingOfTwoHundredReloads() throws Exception {
        try (var server = start("idle-timeout = \"1m\"\n")) {
            var over = new AtomicBoolean();
            var submits = new FutureTask<>(() -> {
                int sent = 0;
                while (!over.get()) {
                    var ran = heddle("submit", "--to", server.address, "--count=20000", "--size=100");
                    assertThat(ran.exit()).as(ran.err()).isZero();
                    assertThat(ran.out()).startsWith("20000 messages, 20000 acknowledged");
                    sent += 20_000;
                }
                return sent;
            });
            Thread.ofPlatform().daemon().start(submits);
            for (int i = 0; i < 200; i++) {
                Files.writeString(file, "idle-timeout = \"%dm\"\n".formatted(2 + i));
                assertThat(reload(server)).contains("reloaded: --idle-timeout %dm -> %dm".formatted(1 + i, 2 + i));
            }
            over.set(true);
            int sent = submits.get();
            assertThat(server.terminate()).isZero();
            assertThat(server.stderr()).contains("submits acknowledged: " + sent + " messages");
            long stored = 0;
            try (var reader = new StoreReader(folder.resolve("data"))) {
                for (var some = reader.next(); !some.isEmpty(); some = reader.next()) {
                    stored += some.size();
                }
            }
            assertThat(stored).isEqualTo(sent);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "idle-timeout = = 2m|heddle.toml:1: ",
                "idle-timeout = \"2m\"\nidle-timeout = \"3m\"|heddle.toml:2: ",
                "idle-timeout = \"2m\"\nidel-timeout = \"3m\"|heddle.toml:2: idel-timeout: unknown key",
                "idle-timeout = \"soon\"|heddle.toml:1: idle-timeout: 'soon' is no time",
                "idle-timeout = true|heddle.toml:1: idle-timeout: want a text",
                "idle-timeout = [\"2m\"]|heddle.toml:1: idle-timeout: want one value",
                "idle-timeout = \"2m\"\nmax-connections = 0|heddle.toml:2: max-connections: want 1 or more",
                "idle-timeout = \"2m\"\nsink = \"kafka\"|heddle.toml:2: sink: kafka: wants --kafka-servers",
                "sink = \"kafka\"\n[kafka]\nservers = \"a:1\"\ntopic = \"t\"\nconfig = \"/nowhere\"|heddle.toml:5: kafka.config: /nowhere",
                "# \u00ff|heddle.toml: is not UTF-8",
                "|/heddle.toml: no such file",
            })
    void aMistakeChangesNothing(String contentAndLine) throws Exception {
        int bar = contentAndLine.indexOf('|');
        try (var server = start("idle-timeout = \"1m\"\n");
                var client = introduced(server)) {
            Files.writeString(file, contentAndLine.substring(0, bar), StandardCharsets.ISO_8859_1);
            if (bar == 0) {
                Files.delete(file);
            }
            assertThat(reload(server))
                    .contains("SEVERE: reload: nothing is changed, as: ")
                    .contains(contentAndLine.substring(bar + 1))
                    .doesNotContain("->");
            Files.writeString(file, "idle-timeout = \"1m\"\n");
            assertThat(reload(server)).contains("reloaded: no option has changed");
            client.getOutputStream().write(HexFormat.of().parseHex("0000000d" + "02" + "0".repeat(16)));
            new DataInputStream(client.getInputStream()).readFully(new byte[14]);
        }
    }

    @Test
    void whatNeedsARestartIsNamedEachTimeWithOldAndNew() throws Exception {
        try (var server = start("max-frame = \"1M\"\n")) {
            Files.writeString(file, "max-frame = \"2M\"\nstall-timeout = \"7s\"\n");
            assertThat(reload(server))
                    .contains("--max-frame 1M -> 2M: needs a restart; the old one stays")
                    .contains("reloaded: --stall-timeout 30s -> 7s");
            assertThat(reload(server))
                    .contains("--max-frame 1M -> 2M: needs a restart; the old one stays")
                    .contains("reloaded: no option has changed");
        }
    }

    @Test
    void moreConnectionsAreLetInByAReload() throws Exception {
        try (var server = start("max-connections = 1\n");
                var _ = introduced(server)) {
            var second = new FutureTask<>(() -> heddle("submit", "--to", server.address, "--count=1"));
            Thread.ofPlatform().daemon().start(second);
            Files.writeString(file, "max-connections = 2\n");
            assertThat(reload(server)).contains("reloaded: --max-connections 1 -> 2");
            var ran = second.get();
            assertThat(ran.exit()).as(ran.err()).isZero();
        }
    }

    @Test
    void aStoreThatIsFullGoesOnWithALargerBound() throws Exception {
        try (var server = start("max-store = \"1M\"\n")) {
            assertThat(heddle("submit", "--to", server.address, "--count=200", "--size=10K", "--in-flight=1")
                            .exit())
                    .isEqualTo(1);
            Files.writeString(file, "max-store = \"100M\"\n");
            assertThat(reload(server)).contains("reloaded: --max-store 1M -> 100M");
            assertThat(heddle("submit", "--to", server.address, "--count=200", "--size=10K")
                            .exit())
                    .isZero();
        }
    }

    @Test
    void otherSettingsOfKafkaNeedARestart() throws Exception {
        Path settings = Files.writeString(folder.resolve("kafka.properties"), "client.id=one\n");
        try (var server = start("""
                sink = "store+kafka"
                [kafka]
                servers = ["127.0.0.1:1"]
                topic = "t"
                config = "%s"
                """.formatted(settings))) {
            Files.writeString(settings, "client.id=two\n");
            assertThat(reload(server))
                    .contains("--kafka-config " + settings + ": what it says needs a restart; the old settings stay");
            Files.writeString(settings, "acks=0\n");
            assertThat(reload(server)).contains("heddle.toml:5: kafka.config: acks: cannot be set");
        }
    }

    @Test
    void whereSighupIsIgnoredTheStartSaysSo() throws Exception {
        var ignoring = List.of("env", "--ignore-signal=HUP");
        try (var server = ServeProcess.start(ignoring, "127.0.0.1:0", folder.resolve("data"))) {
            Await.until(
                    "it is said",
                    () -> server.stderr()
                            .contains(
                                    "heddle serve: SIGHUP is ignored, as nohup has it: what is changed needs a restart\n"));
        }
        try (var server = start("")) {
            assertThat(reload(server)).contains("reloaded: no option has changed");
            assertThat(server.stderr()).doesNotContain("SIGHUP");
        }
    }

    @Test
    void aTokenIsTakenOverAndNeverPrinted() throws Exception {
        try (var server = start("token = \"old-one\"\n")) {
            Files.writeString(file, "token = \"new-one\"\n");
            assertThat(reload(server)).contains("reloaded: --token (secret) -> (secret)");
            assertThat(heddle("submit", "--to", server.address, "--count=1", "--token=old-one")
                            .exit())
                    .isEqualTo(1);
            assertThat(heddle("submit", "--to", server.address, "--count=1", "--token=new-one")
                            .exit())
                    .isZero();
            assertThat(server.stderr()).doesNotContain("old-one", "new-one");
        }
    }
}
