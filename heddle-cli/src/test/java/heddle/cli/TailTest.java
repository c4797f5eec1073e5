package heddle.cli;

import static heddle.cli.Ran.heddle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code heddle tail} as a process, by where its output goes. */
@Timeout(120)
@Tag("thorough")
class TailTest {
    /** Sets a title, clears the screen by a control character of eight bits, goes back in the line. */
    private static final String EVIL = "\033]0;title\007\u009b2J\ta\u00e4\rb";

    @TempDir
    private static Path folder;

    /** More than a pipe holds. */
    @BeforeAll
    static void storeMessages() throws Exception {
        try (var server = ServeProcess.start(data())) {
            var ran = heddle("submit", "--to", server.address, "--count=100", "--size=10K");
            assertThat(ran.exit()).as(ran.err()).isZero();
            Path evil = Files.writeString(folder.resolve("evil"), EVIL + "\n");
            assertThat(heddle("submit", "--to", server.address, evil.toString()).exit())
                    .isZero();
            assertThat(server.terminate()).isZero();
        }
    }

    private static Path data() {
        return folder.resolve("data");
    }

    /** Runs a script of the shell, in which {@code "$@"} is the command. */
    private static Ran shell(String script) throws Exception {
        return shell(script, data());
    }

    private static Ran shell(String script, Path data) throws Exception {
        List<String> command = new ArrayList<>(List.of("sh", "-c", script, "sh"));
        command.addAll(ServeProcess.java());
        command.addAll(List.of("tail", "--data", data.toString()));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        var process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        process.environment().put("LC_ALL", "C");
        int exit = process.start().waitFor();
        return new Ran(exit, Files.readString(out), Files.readString(err));
    }

    @Test
    void messagesAreBytesToAPipeAndCannotSteerATerminal() throws Exception {
        assertThat(shell("\"$@\" | tail -n 1").out()).isEqualTo(EVIL + "\n");

        assumeTrue(shell("command -v python3").exit() == 0, "needs Python, for a terminal");
        var ran = shell("""
                        python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' sh -c '"$@" </dev/null' sh "$@" | tail -n 1
                        """);
        assertThat(ran.out()).isEqualTo("\\x1b]0;title\\x07\\x9b2J\ta?\\x0db\r\n");
    }

    @Test
    void itBeginsAtANumberOrATime() throws Exception {
        assertThat(shell("\"$@\" --from 101").out()).isEqualTo(EVIL + "\n");
        assertThat(shell("\"$@\" --from 102").out()).isEmpty();
        assertThat(shell("\"$@\" --since 1h").out()).hasSizeGreaterThan(100 * 10_000);
        assertThat(shell("\"$@\" --since 2999-01-01T00:00:00Z").out()).isEmpty();
        assertThat(shell("\"$@\" --since 2000-01-01T00:00:00+02:00 | tail -n 1").out())
                .isEqualTo(EVIL + "\n");
    }

    @Test
    void whatIsMissingIsNamedAndTheRestPrinted() throws Exception {
        Path damaged = folder.resolve("damaged");
        Path log = Files.createDirectories(damaged.resolve("log"));
        for (String name : List.of("mark", "00000000000000000001.log")) {
            Files.copy(data().resolve("log").resolve(name), log.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
        assertThat(Ran.heddle("verify", "--data", damaged.toString()).exit()).isZero();
        try (var file = FileChannel.open(log.resolve("00000000000000000001.log"), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 5000);
        }
        var ran = shell("\"$@\"", damaged);
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err())
                .startsWith("heddle tail: message 1 is missing: 00000000000000000001.log is damaged at offset ")
                .hasLineCount(1);
        assertThat(ran.out()).endsWith(EVIL + "\n").hasSizeGreaterThan(98 * 10_000);
        var verified = Ran.heddle("verify", "--data", damaged.toString());
        assertThat(verified.exit()).isEqualTo(1);
        assertThat(verified.err())
                .startsWith("heddle verify: message 1 is lost: 00000000000000000001.log is damaged at offset ");
        assertThat(verified.out()).startsWith("messages 1 to 101: 100 whole, 1 lost");
    }

    @Test
    void outputThatCannotBeWrittenIsAFailure() throws Exception {
        var ran = shell("\"$@\" > /dev/full");
        assertThat(ran.err()).isEqualTo("heddle tail: stdout: No space left on device\n");
        assertThat(ran.exit()).isEqualTo(1);
    }

    @Test
    void aReaderThatHasSeenEnoughIsNoFailure() throws Exception {
        var ran = shell("{ \"$@\"; echo \"ended with $?\" >&2; } | head -n 1");
        assertThat(ran.out()).startsWith("0.....").hasLineCount(1);
        assertThat(ran.err()).isEqualTo("ended with 0\n");
    }
}
