package heddle.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinesTest {
    private static List<String> lines(String text, int max) throws IOException {
        List<String> found = new ArrayList<>();
        try (var lines = new Lines(stream(text), "test", max)) {
            while (lines.next()) {
                found.add(new String(lines.buffer(), lines.offset(), lines.length(), StandardCharsets.ISO_8859_1));
            }
            assertThat(lines.next()).isFalse();
            assertThat(lines.count()).isEqualTo(found.size());
            assertThat(lines.bytes()).isEqualTo(text.length());
        }
        return found;
    }

    private static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void aLineEndsAtALineFeedOrAtTheEnd() throws IOException {
        assertThat(lines("", 100)).isEmpty();
        assertThat(lines("\n", 100)).containsExactly("");
        assertThat(lines("a", 100)).containsExactly("a");
        assertThat(lines("a\n", 100)).containsExactly("a");
        assertThat(lines("a\n\nb", 100)).containsExactly("a", "", "b");
        assertThat(lines("\n\n\n", 100)).containsExactly("", "", "");
    }

    @Test
    void everyOtherByteBelongsToTheLine() throws IOException {
        assertThat(lines("a\r\n\0\r\u00ff\n\r", 100)).containsExactly("a\r", "\0\r\u00ff", "\r");
    }

    @ParameterizedTest
    @ValueSource(ints = {(64 << 10) - 1, 64 << 10, (64 << 10) + 1, 200_000, 1 << 20})
    void aLineMayBeLongerThanTheBuffer(int length) throws IOException {
        String line = "x".repeat(length);
        assertThat(lines(line, 1 << 20)).containsExactly(line);
        assertThat(lines("first\n" + line + "\nlast", 1 << 20)).containsExactly("first", line, "last");
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 64 << 10, 100_000})
    void aLineThatIsTooLongIsNamedByItsNumber(int max) throws IOException {
        String fits = "x".repeat(max);
        assertThat(lines("a\n" + fits + "\n" + fits, max)).containsExactly("a", fits, fits);
        for (String end : List.of("", "\n", "\nmore\n", "x".repeat(200_000))) {
            assertThatThrownBy(() -> lines("a\n\n" + fits + "x" + end, max))
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            "test line 3: longer than %d bytes, so it and what follows were not sent; for longer ones raise --max-frame, here and at the server"
                                    .formatted(max));
        }
    }

    @Test
    void anyPiecesGiveTheSameLines() throws IOException {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var text = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            text.append("y".repeat((int) Math.pow(2, random.nextDouble() * 15))).append('\n');
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
        var dribble = new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] buffer, int offset, int length) {
                return super.read(buffer, offset, Math.min(length, 1 + random.nextInt(5000)));
            }
        };
        var again = new StringBuilder();
        try (var lines = new Lines(dribble, "test", 1 << 20)) {
            while (lines.next()) {
                byte[] line = Arrays.copyOfRange(lines.buffer(), lines.offset(), lines.offset() + lines.length());
                again.append(new String(line, StandardCharsets.ISO_8859_1)).append('\n');
            }
        }
        assertThat(again.toString()).as("seed %d", seed).isEqualTo(text.toString());
    }
}
