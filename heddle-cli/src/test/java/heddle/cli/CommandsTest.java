package heddle.cli;

import static heddle.cli.Ran.heddle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

/** What goes wrong before anything is done: exit code, and one line that says it. */
@Timeout(60)
class CommandsTest {
    @TempDir
    private Path folder;

    private Path data() {
        return folder.resolve("data");
    }

    @Test
    void theLabIsAModuleOfItsOwnAndSaidToBeAbsent() {
        Ran ran = heddle("lab", "run", "W2", "--explain");
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err())
                .isEqualToIgnoringNewLines("heddle lab: the module heddle.lab is not installed here; run ./heddle lab"
                        + " in a clone of Heddle's sources");
    }

    @Test
    void withoutACommandItSaysWhichThereAre() {
        var ran = heddle();
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err())
                .startsWith("heddle: missing command: want one of serve, submit, ")
                .contains("serve", "submit", "tail", "verify", "echo", "dial", "stack", "lab", "java");
    }

    @Test
    void helpListsWhatTheScriptRunsByItself() {
        assertThat(heddle("--help").out()).containsPattern("(?m)^  java +Runs Java with Heddle on the class path");
        var ran = heddle("java");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).startsWith("heddle java: java is a command of the script: call ./heddle java");
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve", "submit", "tail", "verify", "echo", "dial", "stack", "lab", "java"})
    void eachCommandHelpsAndTellsItsExitCodes(String command) {
        var ran = heddle(command, "--help");
        assertThat(ran.exit()).isZero();
        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).startsWith("Usage: heddle " + command).contains("Exit codes:", "  0  ", "  1  ", "  2  ");
        assertThat(heddle(command, "--version").out()).startsWith("heddle ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve --sync=sometimes",
                "serve --sync-interval=soon",
                "serve --sync-interval=0s",
                "serve --handshake-timeout=0ms",
                "serve --stall-timeout=0s",
                "serve --idle-timeout=9999999h",
                "serve --drain-timeout=0h",
                "serve --stats=0s",
                "serve --max-store=17179869185G",
                "serve --max-frame=12",
                "serve --max-frame=big",
                "serve --max-connections=0",
                "serve --sink=nowhere",
                "serve --sink=kafka",
                "serve --sink=kafka --kafka-servers=127.0.0.1:1",
                "serve --kafka-topic=t",
                "serve --sink=store+kafka",
                "serve surplus",
                "submit --to",
                "submit --to 127.0.0.1:1 --count=1 file",
                "submit --to 127.0.0.1:1 --count=-1",
                "submit --once",
                "submit --once --name=",
                "submit --once --resend --name=n",
                "submit --to 127.0.0.1:1 --count=1 --size=2M",
                "submit --to 127.0.0.1:1 --in-flight=0",
                "serve --keep-for=0s",
                "serve --keep-bytes=much",
                "submit --window=2M",
                "submit --size=5",
                "submit --rate=5",
                "submit --connections=2",
                "submit --count=1 --rate=0",
                "submit --count=1 --rate=NaN",
                "submit --count=1 --rate=fast",
                "submit --count=1 --connections=0",
                "submit --count=1 --connections=100000 --window=1000",
                "submit --duration=1s file",
                "submit --duration=1",
                "submit --to 127.0.0.1:1,127.0.0.1:2 --once --name=n",
                "submit --to 127.0.0.1:1 --once --name=n --shared-store",
                "submit --to 127.0.0.1:1,127.0.0.1:2 --shared-store",
                "submit --to 127.0.0.1:1,nowhere",
                "tail --unknown",
                "tail --from=0",
                "tail --from=first",
                "tail --since=yesterday",
                "tail --since=2026-11-29T21:00:00",
                "tail --from=1 --since=1h",
                "verify surplus",
                "dial",
                "dial --timeout=0s 127.0.0.1:1",
                "stack",
                "stack me",
                "unknown"
            })
    void argumentsThatMakeNoSenseAreUsage(String line) {
        var ran = heddle(line.split(" ", -1));
        assertThat(ran.exit()).as(ran.err()).isEqualTo(2);
        assertThat(ran.err()).startsWith("heddle").contains(" --help tells all options");
        assertThat(ran.err().lines()).as("the error stays in sight").hasSizeLessThan(5);
        assertThat(ran.err()).doesNotContain("Usage:", "\tat ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve", "echo"})
    void aPortInUseIsOneLine(String command) throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            var ran = command.equals("serve")
                    ? heddle("serve", "--listen", address, "--data", data().toString())
                    : heddle("echo", "--listen", address);
            expectFailure(
                    ran,
                    "heddle %s: listen tcp %s: bind: address already in use; choose another with --listen HOST:PORT"
                            .formatted(command, address));
            assertThat(data()).doesNotExist();
        }
    }

    @Test
    void aDataFolderThatIsAFileIsOneLine() throws Exception {
        var file = Files.writeString(folder.resolve("file"), "");
        expectFailure(
                heddle("serve", "--listen", "127.0.0.1:0", "--data", file.toString()),
                "heddle serve: data folder %s: %s is not a directory".formatted(file, file));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nowhere",
                "7001",
                "127.0.0.1",
                "127.0.0.1:",
                "127.0.0.1:99999",
                "127.0.0.1:-1",
                "127.0.0.1:http-ish",
                "127.0.0.300:7000",
                "127.0.0.1:70:00",
                "::1",
                "::1:7000",
                "[::1]",
                "[::1",
                "[::g]:7000",
                "http://127.0.0.1:7000",
                " 127.0.0.1:7000"
            })
    void anAddressThatIsNoneIsUsageAndLeavesNothingBehind(String address) {
        expectNoAddress(address, "serve", "--listen", address, "--data", data().toString());
        assertThat(data()).doesNotExist();
        expectNoAddress(address, "echo", "--listen", address);
        expectNoAddress(address, "dial", address);
        expectNoAddress(address, "submit", "--to", address, "--count", "1");
    }

    @Test
    void nobodyHasPortZero() {
        expectNoAddress("127.0.0.1:0", "dial", "127.0.0.1:0");
        expectNoAddress("127.0.0.1:0", "submit", "--to", "127.0.0.1:0", "--count", "1");
    }

    private static void expectNoAddress(String address, String... command) {
        var ran = heddle(command);
        assertThat(ran.exit()).as(ran.err()).isEqualTo(2);
        assertThat(ran.err().lines().findFirst().orElseThrow())
                .contains("'" + address + "'")
                .containsPattern("want (HOST:PORT|a port|a name)");
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void addressesAreAsPeopleWriteThem() {
        for (String address : new String[] {
            "127.0.0.1:7000",
            "127.0.0.1:0",
            ":7000",
            "localhost:7000",
            "host-1.example:65535",
            "[::1]:7000",
            "[::]:0",
            "[fe80::1%eth0]:7000"
        }) {
            assertThat(new Address().convert(address)).isEqualTo(address);
        }
    }

    @Test
    void nobodyListeningIsOneLine() throws Exception {
        String refused = "dial tcp 127.0.0.1:1: connect: connection refused";
        expectFailure(heddle("submit", "--to", "127.0.0.1:1", "--count", "1"), "heddle submit: " + refused);
        expectFailure(heddle("dial", "127.0.0.1:1"), "heddle dial: " + refused);
    }

    @Test
    void aFileThatIsMissingIsOneLine() {
        var missing = folder.resolve("missing").toString();
        expectFailure(
                heddle("submit", "--to", "127.0.0.1:1", missing),
                "heddle submit: " + missing + ": no file that can be read");
    }

    @Test
    void aFolderWithoutAStoreIsOneLine() {
        for (String command : List.of("tail", "verify")) {
            expectFailure(
                    heddle(command, "--data", data().toString()),
                    "heddle " + command + ": data folder " + data() + ": no log in it");
        }
    }

    private static void expectFailure(Ran ran, String line) {
        assertThat(ran.err()).isEqualTo(line + System.lineSeparator());
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void aChoiceIsNamedAsTheDocsWriteIt() {
        var ran = heddle("serve", "--sync", "maybe", "--data", data().toString());
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err())
                .startsWith("heddle serve: Invalid value for option '--sync': 'maybe' is none:"
                        + " want always or interval");
        assertThat(data()).doesNotExist();
    }

    @Test
    void aMisspeltOptionIsNamedAndTheRightOneSuggested() {
        var ran = heddle("serve", "--liste", "127.0.0.1:0");
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.err()).startsWith("heddle serve: Unknown option").contains("--listen");
    }

    static Stream<Exception> failuresOfFilesAndStreams() {
        return Stream.of(
                new NoSuchFileException("f"),
                new AccessDeniedException("f"),
                new FileAlreadyExistsException("f"),
                new DirectoryNotEmptyException("f"),
                new NotDirectoryException("f"),
                new NotLinkException("f"),
                new FileSystemLoopException("f"),
                new AtomicMoveNotSupportedException("f", "g", null),
                new FileSystemException("f"),
                new FileSystemException("f", null, "the system's words"),
                new FileSystemException(null),
                new UnknownHostException("f"),
                new EOFException(),
                new ClosedChannelException(),
                new AsynchronousCloseException(),
                new IOException());
    }

    @ParameterizedTest
    @MethodSource("failuresOfFilesAndStreams")
    void noErrorLineNamesAClassOrNothing(Exception failure) {
        assertThat(Main.text(failure))
                .doesNotContain("Exception", "java.", "null")
                .isNotBlank();
    }

    @ParameterizedTest
    @ValueSource(strings = {"dial", "submit --to", "echo --listen"})
    void aHostThatIsNotThereIsSaidOnce(String command) {
        var line = command + " no-such-host.invalid:7000";
        var ran = heddle(line.split(" ", -1));
        assertThat(ran.exit()).as(ran.err()).isEqualTo(1);
        assertThat(ran.err()).containsOnlyOnce("no such host").contains("no-such-host.invalid");
    }

    @Test
    void aFolderThatCannotBeMadeIsSaidInWords() {
        assumeTrue(Files.isDirectory(Path.of("/proc/self")), "needs a proc(5)");
        var ran = heddle("serve", "--listen", "127.0.0.1:0", "--data", "/proc/heddle/data");
        expectFailure(
                ran,
                "heddle serve: data folder /proc/heddle/data: cannot be made: the system makes no"
                        + " folder at /proc/heddle");
    }

    @Test
    void sizesAreAsPeopleWriteThem() {
        var size = new ByteSize();
        assertThat(size.convert("0")).isZero();
        assertThat(size.convert("4096")).isEqualTo(4096);
        assertThat(size.convert("64K")).isEqualTo(64 << 10);
        assertThat(size.convert("1M")).isEqualTo(1 << 20);
        assertThat(size.convert("10G")).isEqualTo(10L << 30);
        for (String none : new String[] {"", "K", "-1", "1.5M", "1k", "1 M", "9999999999999", "8589934592G"}) {
            assertThatThrownBy(() -> size.convert(none)).isInstanceOf(TypeConversionException.class);
        }
    }

    @Test
    void timesAreAsPeopleWriteThem() {
        var time = new TimeSpan();
        assertThat(time.convert("500ms")).isEqualTo(Duration.ofMillis(500));
        assertThat(time.convert("30s")).isEqualTo(Duration.ofSeconds(30));
        assertThat(time.convert("5m")).isEqualTo(Duration.ofMinutes(5));
        assertThat(time.convert("1h")).isEqualTo(Duration.ofHours(1));
        assertThat(time.convert("1ms")).isEqualTo(Duration.ofMillis(1));
        assertThat(time.convert("876000h")).isEqualTo(Duration.ofDays(36_500));
        for (String none : new String[] {"", "30", "s", "-1s", "1.5s", "1d", "0ms", "0h", "876001h"}) {
            assertThatThrownBy(() -> time.convert(none)).isInstanceOf(TypeConversionException.class);
        }
    }
}
