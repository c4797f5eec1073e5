package heddle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code heddle stack} against processes that are, and are not, what it wants. */
@Timeout(120)
class StackTest {
    @TempDir private Path folder;

    /** More than any system's pid_max; proc_sys_kernel(5). */
    private static final String NO_PID = Integer.toString(1 << 30);

    /** In a process of its own: a client of RMI leaves threads behind. */
    private Ran stack(String pid, String... flags) throws Exception {
        List<String> command = new ArrayList<>(ServeProcess.java(flags));
        command.addAll(List.of("stack", pid));
        Path err = Files.createTempFile(folder, "stack", ".err");
        Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
        String out = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Ran(process.waitFor(), out, Files.readString(err));
    }

    @Test
    void aServersThreadsAreShownFromOutside() throws Exception {
        try (var server = ServeProcess.start(folder.resolve("data"))) {
            for (int look = 1; look <= 2; look++) {
                var ran = stack(Long.toString(server.pid()));
                assertThat(ran.exit()).as(ran.err()).isZero();
                assertThat(ran.err()).isEmpty();
                assertThat(ran.out())
                        .startsWith("Heddle: epoll, ")
                        .contains("process " + server.pid() + ", ")
                        .contains(" IO wait, accept tcp " + server.address + ", ")
                        .contains("sockets open now: 1\n");
            }
            assertThat(server.terminate()).isZero();
        }
    }

    @Test
    void noSuchProcessIsOneLine() throws Exception {
        var ran = stack(NO_PID);
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err()).isEqualTo("heddle stack: no such process: " + NO_PID + "\n");
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void aProcessThatIsNoJvmSurvivesTheQuestion() throws Exception {
        Process cat = new ProcessBuilder("cat").start();
        try {
            // The JDK's own patience is ten seconds.
            var ran = stack(Long.toString(cat.pid()), "-Dsun.tools.attach.attachTimeout=500");
            assertThat(ran.exit()).isEqualTo(1);
            assertThat(ran.err().lines())
                    .singleElement()
                    .asString()
                    .startsWith(
                            "heddle stack: process "
                                    + cat.pid()
                                    + " does not answer as a JVM does: ");
            assertThat(cat.isAlive()).isTrue();
        } finally {
            cat.destroyForcibly().waitFor();
        }
    }

    @Test
    void aJvmWithoutHeddleIsOneLine() throws Exception {
        Process java =
                new ProcessBuilder(
                                ServeProcess.java().getFirst(),
                                "-cp",
                                classPath(),
                                Idle.class.getName())
                        .start();
        try {
            assertThat(java.inputReader().readLine()).isEqualTo("idle");
            var ran = stack(Long.toString(java.pid()));
            assertThat(ran.exit()).isEqualTo(1);
            assertThat(ran.err())
                    .isEqualTo(
                            "heddle stack: process "
                                    + java.pid()
                                    + " does not use Heddle, or has not begun to\n");
        } finally {
            java.destroyForcibly().waitFor();
        }
    }

    private static String classPath() {
        return System.getProperty(
                "surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /** A program that does nothing until its input ends. */
    static final class Idle {
        private Idle() {}

        public static void main(String[] args) throws Exception {
            System.out.println("idle");
            while (System.in.read() >= 0) {}
        }
    }
}
