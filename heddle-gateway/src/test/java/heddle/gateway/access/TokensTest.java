package heddle.gateway.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokensTest {

    private static final String LONG = "0123456789abcdef";

    @TempDir
    private Path folder;

    private Tokens read(String content) throws IOException {
        Path file = folder.resolve("tokens");
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----")));
        return Tokens.read(Files.writeString(file, content));
    }

    private static boolean know(Tokens tokens, String name, String token) {
        return tokens.know(name, Tokens.hash(token.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aTokenIsForTheNamesThatItIsListedFor() throws IOException {
        String hash = HexFormat.of().formatHex(Tokens.hash("hashed".getBytes(StandardCharsets.UTF_8)));
        var tokens = read("# tills\n\ntill-7 old-" + LONG + "\n  till-7\t new-" + LONG + "\ntill-* all-" + LONG
                + "\n* admin-" + LONG + "\ndesk sha256:" + hash + "\n");
        assertThat(know(tokens, "till-7", "old-" + LONG)).isTrue();
        assertThat(know(tokens, "till-7", "new-" + LONG)).isTrue();
        assertThat(know(tokens, "till-7", "all-" + LONG)).isTrue();
        assertThat(know(tokens, "till-8", "all-" + LONG)).isTrue();
        assertThat(know(tokens, "till-8", "new-" + LONG)).isFalse();
        assertThat(know(tokens, "till", "all-" + LONG)).isFalse();
        assertThat(know(tokens, "anybody", "admin-" + LONG)).isTrue();
        assertThat(know(tokens, "desk", "hashed")).isTrue();
        assertThat(know(tokens, "desk", "sha256:" + hash)).isFalse();
        assertThat(know(tokens, "nobody", "nothing")).isFalse();
        assertThat(tokens.know("till-7", null)).isFalse();
        assertThat(know(tokens, "# tills", "")).isFalse();
    }

    @Test
    void severalKindsAddUp() throws IOException {
        var tokens = read("till-7 a-" + LONG).and(Tokens.any("one for all"));
        assertThat(know(tokens, "till-7", "a-" + LONG)).isTrue();
        assertThat(know(tokens, "other", "one for all")).isTrue();
        assertThat(know(tokens, "other", "a-" + LONG)).isFalse();
        assertThat(Tokens.NONE.and(Tokens.NONE).isEmpty()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "'a-token',              ':1: want a client''s name and its token'",
        "'#\nname a token',      ':2: want a client''s name and its token'",
        "'a*b 0123456789abcdef', ':1: ''a*b'': want the * at the end'",
        "'a sha256:12',          ':1: want 64 hexadecimal digits'",
        "'# nothing',            ': lists no token'",
    })
    void whatIsMalformedIsNamedWithItsLine(String content, String message) {
        assertThatThrownBy(() -> read(content))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(folder.resolve("tokens") + message);
    }

    @Test
    void aTokenIsNeverInAMessage() {
        assertThatThrownBy(() -> read("one two very-secret\n")).hasMessageNotContaining("secret");
        assertThatThrownBy(() -> read("a*b very-secret\n")).hasMessageNotContaining("secret");
        assertThatThrownBy(() -> read("a sha256:very-secret\n")).hasMessageNotContaining("secret");
        assertThatThrownBy(() -> read("a secret" + "x".repeat(1024)))
                .hasMessageNotContaining("secret")
                .hasMessageContaining("want 1024 at most");
    }

    @Test
    void aTokenForAllIsNoLongerThanOneInTheFile() {
        assertThat(know(Tokens.any("x".repeat(1024)), "name", "x".repeat(1024))).isTrue();
        assertThatThrownBy(() -> Tokens.any("x".repeat(1025)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("want 1024 at most");
    }

    @Test
    void aFileThatIsMissingOrNoTextIsNamed() throws IOException {
        assertThatThrownBy(() -> Tokens.read(folder.resolve("none"))).hasMessageContaining("there is no such file");
        Path binary = Files.write(folder.resolve("binary"), new byte[] {'a', ' ', (byte) 0xff});
        assertThatThrownBy(() -> Tokens.read(binary)).hasMessageContaining("is not UTF-8");
    }

    @Test
    void whatIsEasyForOthersIsWarnedOf() throws IOException {
        List<String> lines = new ArrayList<>();
        var handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                lines.add(new SimpleFormatter().formatMessage(entry));
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger("heddle.gateway");
        logger.addHandler(handler);
        try {
            read("till-7 " + LONG);
            assertThat(lines).isEmpty();
            Path file = folder.resolve("tokens");
            Files.writeString(file, "till-7 short");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
            Tokens.read(file);
            assertThat(lines)
                    .containsExactly(
                            file + ": others than its owner and group may read or change it (rw-r--r--); chmod 640",
                            file + ":1: a token of 5 bytes can be guessed; take one of chance, as openssl rand -hex 32"
                                    + " makes it");
        } finally {
            logger.removeHandler(handler);
        }
    }

    /**
     * What is compared is as long for every token, and all that are listed for a name are looked at: a token that is
     * right in all but its last byte takes no longer to refuse than one that is wrong in its first.
     */
    @Test
    void aTokenThatIsNearlyRightTakesNoLongerToRefuse() {
        var tokens = Tokens.any("x".repeat(1023) + "y");
        byte[] near = ("x".repeat(1023) + "z").getBytes(StandardCharsets.US_ASCII);
        byte[] far = ("z" + "x".repeat(1023)).getBytes(StandardCharsets.US_ASCII);
        long[] best = {Long.MAX_VALUE, Long.MAX_VALUE};
        for (int round = 0; round < 100; round++) {
            for (int which = 0; which < 2; which++) {
                byte[] token = which == 0 ? near : far;
                long begin = System.nanoTime();
                for (int i = 0; i < 50; i++) {
                    assertThat(tokens.know("name", Tokens.hash(token)) ? 1 : 0).isZero();
                }
                best[which] = Math.min(best[which], System.nanoTime() - begin);
            }
        }
        // Comparing byte by byte until the first difference would make 1,023 of 1,024 steps of a difference.
        assertThat((double) best[0] / best[1]).isBetween(0.33, 3.0);
    }
}
