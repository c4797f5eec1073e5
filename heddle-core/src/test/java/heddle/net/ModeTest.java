package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which way a JVM runs, by the flags that it was given; in each of them an echo comes back. */
@Tag("thorough")
class ModeTest {

    private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";
    private static final String OPENS = "--add-opens=java.base/java.lang=ALL-UNNAMED";

    @Test
    void bothFlagsGiveCarriersOfItsOwn() throws Exception {
        assertThat(mode(NATIVE, OPENS)).isEqualTo("epoll, carriers of its own (2)");
    }

    @Test
    void nativeAccessAloneGivesEpollOnTheJdksCarriers() throws Exception {
        assertThat(mode(NATIVE))
                .isEqualTo("epoll, the JDK's carriers; --add-opens java.base/java.lang=ALL-UNNAMED"
                        + " would give it carriers of its own; in the manifest of an"
                        + " executable jar: Add-Opens: java.base/java.lang");
    }

    /** As on s390x, for which the JDK has no continuations. */
    @Test
    void jvmWithoutContinuationsGivesEpollOnTheJdksCarriers() throws Exception {
        assertThat(mode(NATIVE, OPENS, "-XX:+UnlockExperimentalVMOptions", "-XX:-VMContinuations"))
                .isEqualTo("epoll, the JDK's carriers; this JVM has no continuations, so each virtual"
                        + " thread is a platform thread");
    }

    @Test
    void dumpWithoutTheFlagSaysWhatIsMissing() throws Exception {
        assertThat(run(NATIVE))
                .contains("\nother virtual threads: not listed;"
                        + " --add-opens java.base/java.lang=ALL-UNNAMED"
                        + " would let it see them\n");
        assertThat(run(NATIVE, OPENS)).containsPattern("\nother virtual threads: \\d+ thread");
    }

    @Test
    void noFlagGivesNioAndNamesBothFlags() throws Exception {
        assertThat(mode())
                .isEqualTo("NIO selector, the JDK's carriers; --enable-native-access=ALL-UNNAMED"
                        + " would give it epoll, and --add-opens"
                        + " java.base/java.lang=ALL-UNNAMED carriers of its own; in the"
                        + " manifest of an executable jar: Enable-Native-Access:"
                        + " ALL-UNNAMED and Add-Opens: java.base/java.lang");
    }

    @Test
    void opensAloneGivesNioAndNamesTheOtherFlag() throws Exception {
        assertThat(mode(OPENS))
                .isEqualTo("NIO selector, the JDK's carriers; --enable-native-access=ALL-UNNAMED"
                        + " would give it epoll and carriers of its own; in the"
                        + " manifest of an executable jar: Enable-Native-Access:"
                        + " ALL-UNNAMED");
    }

    @Test
    void wayThatIsNotPossibleSaysWhatIsMissing() throws Exception {
        assertThat(run("-Dheddle.way=carriers"))
                .contains("way carriers is not possible: --enable-native-access=ALL-UNNAMED"
                        + " would give it epoll, and --add-opens"
                        + " java.base/java.lang=ALL-UNNAMED carriers of its own; in the"
                        + " manifest of");
        assertThat(run("-Dheddle.way=jdk"))
                .contains("way jdk is not possible: --enable-native-access=ALL-UNNAMED"
                        + " would give it epoll; in the manifest of");
    }

    /** The attributes that the mode names, as it names them, in place of the flags. */
    @Test
    void manifestOfAnExecutableJarDoesWhatTheFlagsDo(@TempDir Path folder) throws Exception {
        String without = modeOfJar(folder.resolve("without.jar"), List.of());
        assertThat(without).startsWith("NIO selector");
        String named = without.substring(without.lastIndexOf("executable jar: ") + 16);
        assertThat(modeOfJar(folder.resolve("with.jar"), List.of(named.split(" and ", -1))))
                .isEqualTo("epoll, carriers of its own (2)");
    }

    private static String modeOfJar(Path jar, List<String> attributes) throws Exception {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, Echoes.class.getName());
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> new File(entry).toURI().toString())
                .collect(Collectors.joining(" "));
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath);
        for (String attribute : attributes) {
            String[] nameAndValue = attribute.split(": ", 2);
            manifest.getMainAttributes().putValue(nameAndValue[0], nameAndValue[1]);
        }
        try (var out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            out.finish();
        }
        return lastLine(java(List.of("-jar", jar.toString())));
    }

    private static String mode(String... flags) throws Exception {
        return lastLine(run(flags));
    }

    private static String lastLine(String output) {
        return output.lines().reduce("", (before, line) -> line);
    }

    private static String run(String... flags) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(flags));
        arguments.add("-cp");
        arguments.add(System.getProperty("java.class.path"));
        arguments.add(Echoes.class.getName());
        return java(arguments);
    }

    private static String java(List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:ActiveProcessorCount=2", "-XX:TieredStopAtLevel=1"));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }

    /** One echo, what is seen of the threads then, and the way it took. */
    static final class Echoes {

        private Echoes() {}

        public static void main(String[] args) throws IOException {
            try (Listener listener = Net.listen("tcp", "127.0.0.1:0");
                    Conn dialed = Net.dial("tcp", listener.address().toString());
                    Conn accepted = listener.accept()) {
                dialed.write(new byte[] {1});
                assertThat(accepted.read(new byte[1])).isEqualTo(1);
            }
            System.out.println(Heddle.shared().dump());
            System.out.println(Heddle.shared().describe());
        }
    }
}
