package heddle.cli;

import static heddle.cli.Ran.heddle;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.Counters;
import heddle.gateway.Gateway;
import heddle.gateway.GatewayOptions;
import heddle.gateway.StoreOptions;
import heddle.gateway.StoreReader;
import heddle.gateway.StoreSink;
import heddle.net.Net;
import heddle.testing.Task;
import heddle.testing.TestAuthority;
import heddle.testing.TestAuthority.Issued;
import heddle.tls.TlsConfig;
import heddle.tls.TlsConfig.ClientCertificate;
import heddle.tls.TlsContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that speak TLS, show a certificate and know a token, at a gateway that wants all three. */
@Timeout(120)
class TlsCommandsTest {
    private static final String TOKEN = "secret";

    @TempDir
    private Path folder;

    private TestAuthority authority;
    private Issued own;
    private StoreSink sink;
    private Gateway gateway;
    private Task<Void> serving;
    private String address;

    @BeforeEach
    @Timeout(60)
    void serve() throws Exception {
        authority = new TestAuthority(folder, "authority");
        own = authority.issue("till-7");
        var server = authority.issue("127.0.0.1");
        var tls = TlsContext.load(new TlsConfig()
                .certificate(server.chain(), server.key())
                .authority(authority.file())
                .clientCertificate(ClientCertificate.REQUIRED));
        var counters = new Counters();
        sink = new StoreSink(folder.resolve("data"), new StoreOptions(), counters);
        var listener = tls.listener(Net.listen("tcp", "127.0.0.1:0"));
        address = listener.address().toString();
        gateway = new Gateway(listener, sink, new GatewayOptions().token(TOKEN), counters);
        serving = Task.run(gateway::serve);
    }

    @AfterEach
    void end() throws Exception {
        gateway.stop(Duration.ofSeconds(10));
        serving.result();
        sink.close();
    }

    private List<String> stored() throws IOException {
        List<String> all = new ArrayList<>();
        try (var reader = new StoreReader(folder.resolve("data"))) {
            for (var some = reader.next(); !some.isEmpty(); some = reader.next()) {
                some.forEach(message -> all.add(new String(message.payload(), StandardCharsets.UTF_8)));
            }
        }
        return all;
    }

    private Ran submit(String... more) throws IOException {
        List<String> all = new ArrayList<>(List.of("submit", "--to", address, lines("one", "two")));
        all.addAll(List.of(more));
        return heddle(all.toArray(String[]::new));
    }

    private String lines(String... lines) throws IOException {
        return Files.write(folder.resolve("lines"), List.of(lines)).toString();
    }

    private String file(String text) throws IOException {
        return Files.writeString(Files.createTempFile(folder, "file", ""), text).toString();
    }

    @Test
    void submitShowsItsCertificateAndItsToken() throws Exception {
        var ran = submit(
                "--tls-authority=" + authority.file(),
                "--tls-certificate=" + own.chain(),
                "--tls-key=" + own.key(),
                "--token-file=" + file(TOKEN + "\n"));
        assertThat(ran.err()).isEmpty();
        assertThat(ran.exit()).isZero();
        assertThat(stored()).containsExactly("one", "two");
    }

    @Test
    void whatIsMissingIsSaid() throws Exception {
        var plain = submit("--token=" + TOKEN);
        assertThat(plain.exit()).isEqualTo(ExitCodes.FAILURE);
        assertThat(plain.err()).contains("does it want TLS?");
        var unknown = submit("--tls", "--token=" + TOKEN);
        assertThat(unknown.exit()).isEqualTo(ExitCodes.FAILURE);
        assertThat(unknown.err()).contains("certificate").hasLineCount(1);
        var half = submit("--tls-key=" + own.key());
        assertThat(half.exit()).isEqualTo(ExitCodes.USAGE);
        assertThat(half.err()).contains("--tls-certificate and --tls-key: want both or neither");
        var both = submit("--token=a", "--token-file=" + file("a"));
        assertThat(both.exit()).isEqualTo(ExitCodes.USAGE);
        var more = submit("--token-file=" + file("a\nb\n"));
        assertThat(more.exit()).isEqualTo(ExitCodes.FAILURE);
        assertThat(more.err()).contains("want one line, the token");
        assertThat(stored()).isEmpty();
    }

    private String run(List<String> command, String stdin) throws Exception {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("HEDDLE_TOKEN", TOKEN);
        var process = builder.start();
        try {
            process.getOutputStream().write(stdin.getBytes(StandardCharsets.ISO_8859_1));
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ended").isTrue();
            assertThat(process.exitValue()).as(said).isZero();
            return said;
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    @Tag("thorough")
    void theClientInPythonDoesToo() throws Exception {
        var lines = IntStream.range(0, 20_000).mapToObj(Integer::toString).toList();
        String[] to = address.split(":", -1);
        for (String kind : List.of("integer", "once")) {
            var said = run(
                    List.of(
                            "python3",
                            "src/test/python/raw_client.py",
                            "--authority=" + authority.file(),
                            "--certificate=" + own.chain(),
                            "--key=" + own.key(),
                            to[0],
                            to[1],
                            lines(lines.toArray(String[]::new)),
                            kind,
                            "till-7"),
                    "");
            assertThat(said).isEqualTo("20000 messages, all acknowledged\n");
        }
        assertThat(stored()).hasSize(40_000).startsWith("0", "1").endsWith("19998", "19999");
    }

    @Test
    @Tag("thorough")
    void dialSpeaksTlsBothWays() throws Exception {
        List<String> command = new ArrayList<>(ServeProcess.java());
        command.addAll(List.of(
                "dial",
                "--tls-authority=" + authority.file(),
                "--tls-certificate=" + own.chain(),
                "--tls-key=" + own.key(),
                address));
        var conn = "\0\0\0\u0014\u0001\0\0\0\0\0\0\0\u0007\0" + TOKEN;
        assertThat(run(command, conn)).isEqualTo("\0\0\0\u000e\u0081\0\0\0\0\0\0\0\u0007\0");
    }

    /** The server as an operator starts it: with TLS, and a token for each client. */
    @Test
    @Tag("thorough")
    void serveLetsInWhoKnowsItsTokenOverTls() throws Exception {
        var server = authority.issue("127.0.0.1");
        String tokens = file("till-* a-secret-of-the-tills-0123456789\n");
        var data = folder.resolve("served");
        try (var serve = ServeProcess.start(
                data, "--tls-certificate=" + server.chain(), "--tls-key=" + server.key(), "--tokens=" + tokens)) {
            String[] known = {
                "submit", "--to=" + serve.address, lines("one", "two"), "--tls-authority=" + authority.file()
            };
            var good = heddle(with(known, "--name=till-7", "--token=a-secret-of-the-tills-0123456789"));
            assertThat(good.err()).isEmpty();
            assertThat(good.exit()).isZero();
            var another = heddle(with(known, "--name=desk-7", "--token=a-secret-of-the-tills-0123456789"));
            assertThat(another.exit()).isEqualTo(ExitCodes.FAILURE);
            assertThat(another.err()).contains("not allowed");
            var wrong = heddle(with(known, "--name=till-7", "--token=another"));
            assertThat(wrong.exit()).isEqualTo(ExitCodes.FAILURE);
            var plain = heddle("submit", "--to=" + serve.address, lines("three"));
            assertThat(plain.exit()).isEqualTo(ExitCodes.FAILURE);
            assertThat(plain.err()).contains("does it want TLS?");
            assertThat(serve.terminate()).isZero();
        }
        try (var reader = new StoreReader(data)) {
            assertThat(reader.next())
                    .hasSize(2)
                    .allMatch(message -> message.client().equals("till-7"));
        }
    }

    private static String[] with(String[] some, String... more) {
        List<String> all = new ArrayList<>(List.of(some));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }
}
