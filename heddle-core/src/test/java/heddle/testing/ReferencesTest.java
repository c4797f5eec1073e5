package heddle.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("thorough")
class ReferencesTest {

    private static final String SOURCES = "heddle-core/src/main/java/heddle/net/";

    @TempDir
    private Path root;

    @Test
    void whatCommentsNameExists() throws IOException {
        assertThat(References.dangling(Conformance.root()))
                .as("names in comments and pages that nothing has; mend the comment, or add a"
                        + " name that is not ours to References.FOREIGN")
                .isEmpty();
    }

    @Test
    void namesThatNothingHasAreFound() throws IOException {
        write(SOURCES + "Slot.java", """
                package heddle.net;

                /**
                 * Sees SlotTests, Slot.gone and Slot#lost, and calls armIfAwaited() and {@link Slot#arm}.
                 * As docs/gone.md, Gone.java and heddle.gone.Slot say; -Dheddle.gone too.
                 */
                class Slot {
                    void arm() {
                        // As firstPart says, and NOT_THERE.
                        int n = 1;
                        String text = "// goneName() is in a text: no comment";
                    }
                }
                """);
        write("docs/page.md", """
                # Page

                See SlotTests.

                    BadWords in a sample

                ```
                BadWords in a fence
                ```
                """);
        assertThat(References.dangling(root))
                .containsExactly(
                        "docs/page.md:3 names SlotTests",
                        SOURCES + "Slot.java:3 names Gone.java",
                        SOURCES + "Slot.java:3 names Slot#lost",
                        SOURCES + "Slot.java:3 names Slot.gone",
                        SOURCES + "Slot.java:3 names SlotTests",
                        SOURCES + "Slot.java:3 names armIfAwaited()",
                        SOURCES + "Slot.java:3 names docs/gone.md",
                        SOURCES + "Slot.java:3 names heddle.gone",
                        SOURCES + "Slot.java:3 names heddle.gone.Slot",
                        SOURCES + "Slot.java:9 names NOT_THERE",
                        SOURCES + "Slot.java:9 names firstPart");
    }

    @Test
    void namesThatExistAreNot() throws IOException {
        write("docs/decisions/0010-a-pipe.md", "# 10. As `Slot` and SlotOfOurs.size() do\n");
        write("tools/emulate", "");
        write(SOURCES + "SlotOfOurs.java", """
                package heddle.net;

                /// An [ArrayList]; its size() is SlotOfOurs.size, inherited; SlotOfOurs.Inner.NOT_ARMED is not
                /// SO_LINGER. A ConcurrentHashMap, Thread.Builder, VirtualThread.park of the JDK. docs/decisions/0010
                /// and tools/emulate say why, and so do https://example.org/NoSuchName, recv(2), tcp_poll() and
                /// heddle.net.SlotOfOurs.Inner.
                class SlotOfOurs extends java.util.ArrayList<String> {
                    int length() { return size(); }
                    static final String PROPERTY = "heddle.way"; // heddle.way is here
                    static class Inner {
                        static final int NOT_ARMED = 0;
                    }
                }
                """);
        assertThat(References.dangling(root)).isEmpty();
    }

    private void write(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
