package heddle.cli;

import static heddle.cli.Ran.heddle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import heddle.testing.Conformance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file of {@code serve --config}, without a server. */
class ConfigFileTest {
    /** What breaks parsers. */
    private static final List<String> PIECES = List.of(
            "",
            "=",
            "\"",
            "[",
            "]",
            "{",
            "}",
            "\n",
            "#",
            ".",
            ",",
            "-",
            "_",
            "[[",
            "]]",
            "\'\'\'",
            "\"\"\"",
            "\\u",
            "\\uD800",
            "\\U00110000",
            "\u0000",
            "\r",
            "\ufeff",
            "1e999",
            "9223372036854775808",
            "0x",
            "nan",
            "true",
            "1979-99-99",
            "1979-05-27T25:00:00Z",
            "a.b.c",
            "= {a=1}",
            "=[[1],[2]]",
            "=[1,\"a\"]",
            "=[{a=1}]",
            "\"\"=1",
            "listen.x=1",
            "=-1",
            "=1.5",
            "= \"\"");

    @TempDir
    private Path folder;

    private Ran check(String content, String... more) throws IOException {
        Path file = Files.writeString(folder.resolve("h.toml"), content);
        List<String> arguments = new ArrayList<>(List.of("serve", "--check-config", "--config", file.toString()));
        arguments.addAll(List.of(more));
        var ran = heddle(arguments.toArray(String[]::new));
        assertThat(folder.resolve("data")).doesNotExist();
        return new Ran(
                ran.exit(),
                ran.out().replace(file.toString(), "h.toml"),
                ran.err().replace(file.toString(), "h.toml"));
    }

    @Test
    void everyMistakeIsToldWithItsLineAndWhatIsAllowed() throws IOException {
        var ran = check("""
                max-frame = "big"
                max-connections = 0
                idel-timeout = "5m"
                stats = true
                listen = 7000
                [kafka]
                server = "x"
                topic = ["a"]
                [kakfa]
                """);
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).isEqualTo("""
                        heddle serve: h.toml:1: max-frame: 'big' is no size: want 4096, 64K, 1M or 10G
                        heddle serve: h.toml:3: idel-timeout: unknown key: the nearest is idle-timeout
                        heddle serve: h.toml:4: stats: want a text or a whole number
                        heddle serve: h.toml:5: listen: '7000' is no address: want HOST:PORT, as 127.0.0.1:7000 or [::1]:7000
                        heddle serve: h.toml:7: kafka.server: unknown key: the nearest is kafka.servers
                        heddle serve: h.toml:8: kafka.topic: want one value, not an array
                        heddle serve: h.toml:9: kakfa: unknown key: the nearest is data
                        heddle serve: h.toml:2: max-connections: want 1 or more
                        heddle serve --help tells all options
                        """);
    }

    @Test
    void theCommandLineWinsOverTheFileAndTheFileOverTheDefault() throws IOException {
        var ran = check("idle-timeout = \"1m\"\nstall-timeout = \"2m\"\nmax-frame = 4096\n", "--idle-timeout=7m");
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.out())
                .contains(
                        "--idle-timeout 7m (command line)\n",
                        "--stall-timeout 2m (h.toml:2)\n",
                        "--max-frame 4096 (h.toml:3)\n",
                        "--drain-timeout 10s\n");
    }

    @Test
    void aListIsAnArray() throws IOException {
        var ran = check("sink = \"kafka\"\nkafka.servers = [\"a:1\", \"b:2\"]\nkafka.topic = \"t\"\n");
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.out()).contains("--kafka-servers a:1,b:2 (h.toml:2)\n");
    }

    @Test
    void whatAServerWouldRefuseToListenOnIsToldBeforeItsStart() throws IOException {
        var ran = check("\nlisten = \"0.0.0.0:7000\"\n");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).startsWith("heddle serve: h.toml:2: listen: ").contains("--insecure");
        assertThat(check("listen = \"0.0.0.0:7000\"\ninsecure = true\n").exit()).isZero();
    }

    @Test
    void aTextWithoutQuotesIsNamed() throws IOException {
        assertThat(check("sync = always\n").err())
                .contains("h.toml:1: ")
                .contains("; a text, a time and a size stand in quotes\n");
    }

    /** Asserts of the parser are off, as they are for users: heddle-cli/pom.xml. */
    @Test
    void whatTheParserStumblesOverIsTold() throws IOException {
        assertThat(check("data = \"C:\\Users\"\n").err())
                .contains("h.toml:1: Invalid unicode escape sequence; write a backslash twice, or the text in");
        assertThat(check("stats = \"1m\"\n[= \"x\\U0=-10110000\"\n").err())
                .contains("h.toml:2: Invalid unicode escape sequence; write a backslash twice, or the text in");
        assertThat(check("stats = 2000-01-01T00:00:00-05-27\n").err())
                .contains("h.toml: is no TOML: look for a date or a time that is not whole");
    }

    /** The seed of a failure is in its message. */
    @Test
    void whateverIsInTheFileIsToldAndThrowsNothing() throws IOException {
        fuzz(0, 30);
    }

    @Test
    @Tag("thorough")
    void whateverIsInTheFileIsToldAndThrowsNothingForLong() throws IOException {
        fuzz(30, 1_000);
    }

    private void fuzz(int from, int to) throws IOException {
        String example = Files.readString(Conformance.root().resolve("examples/heddle.toml"))
                .replaceAll("(?m)^#(?=[a-z])", "");
        var command = Main.commandLine();
        var serve = Objects.requireNonNull(command.getSubcommands().get("serve"));
        Path file = folder.resolve("h.toml");
        for (int seed = from; seed < to; seed++) {
            var random = new Random(seed);
            var content = new StringBuilder(example);
            for (int edits = 1 + random.nextInt(4); edits > 0; edits--) {
                int at = random.nextInt(content.length());
                int end = Math.min(content.length(), at + random.nextInt(20));
                content.replace(at, random.nextBoolean() ? at : end, PIECES.get(random.nextInt(PIECES.size())));
            }
            Files.writeString(file, content);
            int number = seed;
            assertThatCode(() -> new ConfigFile(file, command, serve, new Problems()).read())
                    .as("seed %d", number)
                    .doesNotThrowAnyException();
        }
    }
}
