package heddle.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.net.Heddle;
import heddle.net.Way;
import heddle.testing.Await;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code heddle stack} against processes that are, and are not, what it wants. */
@Timeout(120)
@Tag("thorough")
class StackTest {
    @TempDir
    private Path folder;

    /** More than any system's pid_max; proc_sys_kernel(5). */
    private static final String NO_PID = Integer.toString(1 << 30);

    /** In a process of its own: a client of RMI leaves threads behind. */
    private Ran stack(String pid, String... flags) throws Exception {
        List<String> command = new ArrayList<>(ServeProcess.java(flags));
        command.addAll(List.of("stack", pid));
        Path err = Files.createTempFile(folder, "stack", ".err");
        Process process =
                new ProcessBuilder(command).redirectError(err.toFile()).start();
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
    void whatAServersGatewayCountedFollowsItsThreads() throws Exception {
        try (var server = ServeProcess.start(folder.resolve("data"))) {
            assertThat(Ran.heddle("submit", "--to", server.address, "--count=3").exit())
                    .isZero();
            Ran ran;
            // The bean comes a second after the start.
            do {
                ran = stack(Long.toString(server.pid()));
                assertThat(ran.exit()).as(ran.err()).isZero();
            } while (!ran.out().contains("Gateway at "));
            assertThat(ran.out())
                    .contains("\n\nGateway at " + server.address + ":\n", "    submits acknowledged: 3 messages\n")
                    .doesNotContain("protocol error");
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
    void aProcessThatIsNoJvmIsOneLineAtOnce() throws Exception {
        Process cat = new ProcessBuilder("cat").start();
        try {
            assertThatRefused(cat, "is no JVM");
        } finally {
            cat.destroyForcibly().waitFor();
        }
    }

    /** As each program in Go is one. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aProcessThatEndsBySigquitSurvivesTheQuestion() throws Exception {
        Process shell =
                new ProcessBuilder("sh", "-c", "trap 'exit 3' QUIT; echo set; while read -r x; do :; done").start();
        try {
            assertThat(shell.inputReader().readLine()).isEqualTo("set");
            assertThatRefused(shell, "is no JVM");
        } finally {
            shell.destroyForcibly().waitFor();
        }
    }

    @Test
    void aProcessThatIsNoJvmIsToldFromTheKilledOneThatHadItsNumber() throws Exception {
        Process cat = new ProcessBuilder("cat").start();
        // What a JVM that was asked once leaves behind when it is killed, in the folder that the JDK fixes.
        Path left = Path.of("/tmp", ".java_pid" + cat.pid());
        Files.deleteIfExists(left); // A real one.
        try {
            ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                    .bind(UnixDomainSocketAddress.of(left))
                    .close();
            Files.setPosixFilePermissions(left, PosixFilePermissions.fromString("rw-------"));
            assertThatRefused(cat, "is no JVM");
        } finally {
            Files.deleteIfExists(left);
            cat.destroyForcibly().waitFor();
        }
    }

    @Test
    void aJvmWithoutHeddleIsOneLine() throws Exception {
        assertThatJvmRefused("does not use Heddle, or has not begun to");
    }

    /** Without the file that would tell the JDK too. */
    @Test
    void aJvmThatDoesNotLetOthersAttachIsOneLineAtOnce() throws Exception {
        assertThatJvmRefused(
                "does not let itself be looked into: it was started with" + " -XX:+DisableAttachMechanism",
                "-XX:+DisableAttachMechanism",
                "-XX:-UsePerfData");
    }

    /** It catches no SIGQUIT, and listens from its start instead. */
    @Test
    void aJvmThatDoesNotHearSignalsIsAsked() throws Exception {
        assertThatJvmRefused("does not use Heddle, or has not begun to", "-Xrs");
    }

    @Test
    void aJvmThatJustBeganToUseHeddleIsShown() throws Exception {
        try (Started java = Started.java(Idle.class)) {
            java.awaitOld();
            java.process.outputWriter().append("x").flush();
            assertThat(java.process.inputReader().readLine()).startsWith("Heddle: ");
            var ran = stack(Long.toString(java.process.pid()));
            assertThat(ran.err()).isEmpty();
            assertThat(ran.out()).startsWith("Heddle: ");
        }
    }

    @Test
    void eachRuntimeIsShown() throws Exception {
        try (Started java = Started.java(Idle.class)) {
            java.process.outputWriter().append("x2").flush();
            assertThat(java.process.inputReader().readLine()).startsWith("Heddle: ");
            assertThat(java.process.inputReader().readLine()).startsWith("NIO selector");
            Ran ran;
            // A bean comes a second after its runtime's start.
            do {
                ran = stack(Long.toString(java.process.pid()));
                assertThat(ran.err()).isEmpty();
            } while (ran.out()
                            .lines()
                            .filter(line -> line.startsWith("Heddle: "))
                            .count()
                    < 2);
            assertThat(ran.out()).contains("\n\nHeddle: NIO selector, the JDK's carriers\n");
        }
    }

    private void assertThatJvmRefused(String why, String... flags) throws Exception {
        try (Started java = Started.java(Idle.class, flags)) {
            java.awaitOld();
            assertThatRefused(java.process, why);
        }
    }

    private void assertThatRefused(Process other, String why) throws Exception {
        // The JDK's own patience, which is ten seconds, would outlast the test.
        var ran = stack(Long.toString(other.pid()), "-Dsun.tools.attach.attachTimeout=600000");
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err()).isEqualTo("heddle stack: process " + other.pid() + " " + why + "\n");
        assertThat(ran.out()).isEmpty();
        assertThat(other.isAlive()).isTrue();
    }

    /** A JVM that runs a class of this test. */
    private record Started(Process process) implements AutoCloseable {

        static Started java(Class<?> main, String... flags) throws Exception {
            List<String> command = new ArrayList<>(List.of(ServeProcess.program()));
            command.addAll(List.of(flags));
            command.addAll(List.of("-cp", classPath(), main.getName()));
            Process process = new ProcessBuilder(command).start();
            assertThat(process.inputReader().readLine()).isEqualTo("idle");
            return new Started(process);
        }

        /** Until nobody takes it for one that is still starting. */
        void awaitOld() throws Exception {
            Instant started = process.info().startInstant().orElseThrow();
            Await.until(process + " is old", () -> Instant.now().isAfter(started.plus(Stack.YOUNG)));
        }

        @Override
        public void close() throws IOException {
            try {
                // Killed, it would leave its socket to the process that gets its number.
                process.getOutputStream().close();
                assertThat(process.onExit().join().exitValue()).isZero();
            } finally {
                process.destroyForcibly().onExit().join();
            }
        }
    }

    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /**
     * A program that uses Heddle when it reads something, starts another runtime when that is a 2, and ends with its
     * input.
     */
    static final class Idle {
        private Idle() {}

        public static void main(String[] args) throws Exception {
            System.out.println("idle");
            for (int read; (read = System.in.read()) >= 0; ) {
                if (read == '2') {
                    System.out.println(Heddle.builder().way(Way.NIO).start().describe());
                    continue;
                }
                System.out.println(Heddle.shared().dump().lines().findFirst().orElseThrow());
            }
        }
    }
}
