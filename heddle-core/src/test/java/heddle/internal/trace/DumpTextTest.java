package heddle.internal.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The dump's text: order, bound, durations. */
class DumpTextTest {

    private static Thread named(String name) {
        return Thread.ofVirtual().name(name).unstarted(() -> {});
    }

    private static void waits(Dump dump, String reason, String subject, long forSeconds) {
        dump.waits(
                named("t"),
                reason,
                subject,
                System.nanoTime() - TimeUnit.SECONDS.toNanos(forSeconds),
                Dump.NO_DEADLINE);
    }

    private static List<String> subjects(String text, String reason) {
        return text.lines()
                .filter(line -> line.startsWith("#") && line.contains(" " + reason + ", "))
                .map(line -> line.split(", ", 3)[1])
                .toList();
    }

    @Test
    void reasonsAreInOrderAndLongestWaitsFirst() {
        Dump dump = new Dump("heading");
        waits(dump, "lock wait", "c", 5);
        waits(dump, "IO wait", "short", 1);
        waits(dump, "IO wait", "long", 100);
        waits(dump, "IO wait", "middle", 10);
        String text = dump.text(new Counters());
        assertThat(text).startsWith("heading\n").contains("\nIO wait: 3 threads\n");
        assertThat(text.indexOf("IO wait:")).isLessThan(text.indexOf("lock wait:"));
        assertThat(subjects(text, "IO wait")).containsExactly("long", "middle", "short");
        assertThat(subjects(text, "lock wait")).containsExactly("c");
    }

    @Test
    void theShortestWaitsAreOnlyCountedWhenThereAreMany() {
        Dump dump = new Dump("heading");
        for (int i = 0; i < Dump.LISTED_MAX + 5; i++) {
            waits(dump, "IO wait", "w" + i, i + 1);
        }
        String text = dump.text(new Counters());
        assertThat(subjects(text, "IO wait"))
                .hasSize(Dump.LISTED_MAX)
                .startsWith("w" + (Dump.LISTED_MAX + 4))
                .endsWith("w5");
        assertThat(text)
                .contains("\nIO wait: " + (Dump.LISTED_MAX + 5) + " threads\n")
                .contains("\n... and 5 threads more\n");
    }

    @Test
    void everyCounterIsShown() {
        String text = new Dump("heading").text(new Counters());
        for (Counter counter : Counter.values()) {
            assertThat(text).contains("\n" + counter.label() + ": ");
        }
    }

    @Test
    void aNameCannotLeaveItsLine() {
        Dump dump = new Dump("heading");
        dump.waits(named("a\n\033[2Jb"), "IO wait", "x\ry", System.nanoTime(), -1);
        assertThat(dump.text(new Counters())).contains("\"a??[2Jb\" IO wait, x?y, 0 ms, deadline 0 ms ago\n");
    }

    /** The terminal's CSI in one character, next line, the separators, and one that turns the text around. */
    @ParameterizedTest
    @ValueSource(ints = {0x9b, 0x85, 0x2028, 0x2029, 0x202e})
    void noCharacterOutsideAsciiTakesANameOutOfItsLine(int evil) {
        Dump dump = new Dump("heading");
        waits(dump, "IO wait", "x" + Character.toString(evil) + "\u00fc", 0);
        assertThat(subjects(dump.text(new Counters()), "IO wait")).containsExactly("x?\u00fc");
    }

    @Test
    void durationsHaveTwoFigures() {
        assertThat(Dump.duration(-5)).isEqualTo("0 ms");
        assertThat(Dump.duration(TimeUnit.MILLISECONDS.toNanos(999))).isEqualTo("999 ms");
        assertThat(Dump.duration(TimeUnit.MILLISECONDS.toNanos(3_456))).isEqualTo("3.4 s");
        assertThat(Dump.duration(TimeUnit.SECONDS.toNanos(250))).isEqualTo("4 min 10 s");
        assertThat(Dump.duration(TimeUnit.MINUTES.toNanos(125))).isEqualTo("2 h 5 min");
        assertThat(Dump.duration(TimeUnit.HOURS.toNanos(76))).isEqualTo("3 d 4 h");
    }

    @Test
    void theCallersFrameIsNeitherTheJdksNorOurs() {
        assertThat(Dump.caller(List.of(
                        "java.base/java.lang.VirtualThread.park(VirtualThread.java:1)",
                        "heddle.core@1/heddle.internal.poll.Registration.await(R.java:1)",
                        "heddle.net.TcpConn.read(TcpConn.java:1)",
                        "app@2/org.example.Handler.run(Handler.java:7)",
                        "java.base/java.lang.VirtualThread.run(VirtualThread.java:2)")))
                .isEqualTo("app@2/org.example.Handler.run(Handler.java:7)");
        assertThat(Dump.caller(List.of("java.base/java.lang.Thread.run(Thread.java:1)")))
                .isEmpty();
    }
}
