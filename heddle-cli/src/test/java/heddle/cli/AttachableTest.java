package heddle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a process is taken for by its files in /proc; StackTest asks real ones. */
class AttachableTest {
    private static final long PID = 1L << 30;

    @TempDir
    private Path proc;

    @BeforeEach
    void asSomebodyWithoutPower() throws IOException {
        file("self/status", "Uid:\t1000\t1000\t1000\t1000\n");
    }

    private void file(String name, String text) throws IOException {
        Path file = proc.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private void process(String user, String state, String caught) throws IOException {
        file(
                PID + "/status",
                "Name:\tserver\nState:\t%s\nUid:\t%s\t%s\t%s\t%s\nSigCgt:\t%s\n"
                        .formatted(state, user, user, user, user, caught));
    }

    private String refusal() {
        String refusal = new Attachable(proc, PID).refusal(false);
        return refusal == null ? "" : refusal;
    }

    @Test
    void anotherUsersIsLeftAlone() throws IOException {
        process("1001", "S (sleeping)", "2000000181005ccf");
        file(PID + "/cmdline", "java\0-version\0");
        assertThat(refusal())
                .isEqualTo("belongs to user 1001 while this runs as user 1000; run it as that user" + " or as root");
        file("self/status", "Uid:\t0\t0\t0\t0\n");
        assertThat(refusal()).isEmpty();
    }

    @Test
    void aJvmIsKnownByItsLibraryAlsoIfAnUpdateReplacedThat() throws IOException {
        process("1000", "S (sleeping)", "2000000181005ccf");
        file(PID + "/cmdline", "server\0");
        file(PID + "/maps", "7f00-7f01 r-xp 0 0:1 1 /usr/lib/libc.so.6\n");
        assertThat(refusal()).isEqualTo("is no JVM");
        file(PID + "/maps", "7f00-7f01 r-xp 0 0:1 1 /jdk/lib/server/libjvm.so (deleted)\n");
        assertThat(refusal()).isEmpty();
    }

    @Test
    void aProgramJavaIsTakenForOneWhereLinuxShowsNoMaps() throws IOException {
        process("1000", "S (sleeping)", "2000000181005ccf");
        file(PID + "/cmdline", "/opt/jdk/bin/java\0Main\0");
        assertThat(refusal()).isEmpty();
    }

    @Test
    void aStoppedOneIsSaidToBe() throws IOException {
        process("1000", "T (stopped)", "2000000181005ccf");
        file(PID + "/cmdline", "java\0Main\0");
        assertThat(refusal()).isEqualTo("is stopped; kill -CONT " + PID + " lets it go on");
    }

    @Test
    void attachIsSwitchedOffByTheEnvironmentToo() throws IOException {
        process("1000", "S (sleeping)", "2000000181005ccf");
        file(PID + "/cmdline", "java\0Main\0");
        file(PID + "/environ", "PATH=/bin\0JDK_JAVA_OPTIONS=-Xmx1g -XX:+DisableAttachMechanism\0");
        assertThat(refusal()).contains("-XX:+DisableAttachMechanism");
        file(PID + "/environ", "PATH=/bin\0NOTE=-XX:+DisableAttachMechanism\0");
        assertThat(refusal()).isEmpty();
    }

    @Test
    void aJvmWithoutItsSignalHandlerIsAskedOnlyWhileItMayBeStarting() throws IOException {
        process("1000", "S (sleeping)", "0000000000000000");
        file(PID + "/cmdline", "java\0Main\0");
        assertThat(refusal()).contains("neither catches SIGQUIT nor listens");
        assertThat(new Attachable(proc, PID).refusal(true)).isNull();
        file(PID + "/root/tmp/.java_pid" + PID, "");
        assertThat(refusal()).isEmpty();
    }

    @Test
    void whatCannotBeKnownIsAsked() {
        assertThat(refusal()).isEmpty();
    }
}
