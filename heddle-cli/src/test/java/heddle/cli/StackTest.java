package heddle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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
            assertThatItIsNoJvm(cat, "-Dsun.tools.attach.attachTimeout=500");
        } finally {
            cat.destroyForcibly().waitFor();
        }
    }

    @Test
    void aProcessThatIsNoJvmIsToldFromTheKilledOneThatHadItsNumber() throws Exception {
        Process cat = new ProcessBuilder("cat").start();
        // What a JVM that was asked once leaves behind when it is killed, in the folder that the
        // JDK fixes.
        Path left = Path.of("/tmp", ".java_pid" + cat.pid());
        Files.deleteIfExists(left); // A real one.
        try {
            ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                    .bind(UnixDomainSocketAddress.of(left))
                    .close();
            Files.setPosixFilePermissions(left, PosixFilePermissions.fromString("rw-------"));
            assertThatItIsNoJvm(cat);
        } finally {
            Files.deleteIfExists(left);
            cat.destroyForcibly().waitFor();
        }
    }

    private void assertThatItIsNoJvm(Process other, String... flags) throws Exception {
        var ran = stack(Long.toString(other.pid()), flags);
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err().lines())
                .singleElement()
                .asString()
                .startsWith(
                        "heddle stack: process "
                                + other.pid()
                                + " does not answer as a JVM does: ");
        assertThat(other.isAlive()).isTrue();
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
            // Killed, it would leave its socket to the process that gets its number.
            java.getOutputStream().close();
            assertThat(java.waitFor()).isZero();
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
