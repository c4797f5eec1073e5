package heddle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The {@code heddle} script in a clone with a blank in its path, between a Maven that only notes that
 * it was called and JDKs that only say how they were started.
 */
@Tag("thorough")
class LauncherTest {
    private static final List<String> TOOLS = List.of(
            "cat",
            "cp",
            "dirname",
            "find",
            "head",
            "ln",
            "mkdir",
            "mv",
            "readlink",
            "rm",
            "rmdir",
            "sed",
            "sleep",
            "touch");

    @TempDir
    private Path folder;

    private Path clone;
    private Path tools;
    private Path jvms;
    private Path elsewhere;
    private final Map<String, String> environment = new TreeMap<>();

    @BeforeEach
    void layOut() throws IOException {
        clone = Files.createDirectories(folder.resolve("my clone"));
        tools = Files.createDirectories(folder.resolve("tools"));
        jvms = Files.createDirectories(folder.resolve("the jvms"));
        elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
        Files.copy(Path.of("..", "heddle"), clone.resolve("heddle"));
        makeExecutable(clone.resolve("heddle"));
        Files.writeString(clone.resolve("pom.xml"), "<project/>");
        for (String module : List.of(
                "heddle-core", "heddle-protocol", "heddle-gateway", "heddle-kafka", "heddle-admin", "heddle-cli")) {
            Files.createDirectories(clone.resolve(module).resolve("src/main/java"));
            Files.writeString(clone.resolve(module).resolve("pom.xml"), "<project/>");
        }
        for (String tool : TOOLS) {
            script(tools.resolve(tool), "PATH=/usr/bin:/bin exec %s \"$@\"".formatted(tool));
        }
        script(tools.resolve("mvn"), """
                echo "mvn for $JAVA25_HOME" >> mvn.log
                if [ -e says ]; then cat says; fi
                if [ -e broken ]; then echo 'it does not compile' >&2; exit 1; fi
                echo 'noise of the build'
                cat
                sleep 0.1
                app=heddle-cli
                case " $* " in *" heddle-lab "*) app=heddle-lab ;; esac
                mkdir -p $app/target/run/lib
                echo dependency > $app/target/run/lib/dependency.jar
                echo itself > $app/target/run/$app-1.jar
                echo tests > $app/target/run/$app-1-tests.jar
                """);
        environment.put("PATH", tools.toString());
        environment.put("HEDDLE_JVM_FOLDERS", folder.resolve("no such folder") + ":" + jvms);
    }

    @Test
    void withoutAJdkItSaysWhatToInstall() throws Exception {
        jdk("old", "24.0.1");
        Ran ran = run("--version");
        assertThat(ran.exit).isEqualTo(69);
        assertThat(ran.err)
                .contains("needs a JDK 25 or newer, and found none")
                .contains("apt install openjdk-25-jdk")
                .contains(jvms.toString());
        assertThat(ran.out).isEmpty();
        assertThat(clone.resolve("mvn.log")).doesNotExist();
    }

    @Test
    void withoutMavenItSaysWhatToInstall() throws Exception {
        jdk("new", "25.0.1");
        Files.delete(tools.resolve("mvn"));
        Ran ran = run();
        assertThat(ran.exit).isEqualTo(69);
        assertThat(ran.err).contains("no mvn on the PATH (apt install maven");
    }

    @Test
    void aJdkOfTheUsersChoiceThatDoesNotFitIsAnError() throws Exception {
        jdk("new", "25.0.1");
        environment.put("HEDDLE_JAVA_HOME", jdk("old", "17.0.15").toString());
        Ran ran = run();
        assertThat(ran.exit).isEqualTo(69);
        assertThat(ran.err).contains("HEDDLE_JAVA_HOME is no JDK 25 or newer: " + jvms);
    }

    @Test
    void theFirstJdkThatIsNewEnoughRuns() throws Exception {
        jdk("a-17", "17.0.15");
        Path noCompiler = jdk("b-25", "25");
        Files.delete(noCompiler.resolve("bin/javac"));
        jdk("c-26/Contents/Home", "26-ea");
        assertThat(run().out).startsWith("java of c-26/Contents/Home\n");

        // JAVA_HOME that is too old is passed over, one that fits comes first.
        environment.put("JAVA_HOME", jvms.resolve("a-17").toString());
        assertThat(run().out).startsWith("java of c-26/Contents/Home\n");
        environment.put("JAVA_HOME", jdk("d-25", "25.0.3").toString());
        assertThat(run().out).startsWith("java of d-25\n");

        environment.remove("JAVA_HOME");
        Files.createSymbolicLink(tools.resolve("java"), jdk("e-25", "25.0.3").resolve("bin/java"));
        assertThat(run().out).startsWith("java of e-25\n");
    }

    @Test
    void argumentsStreamsAndExitCodePassUnchanged() throws Exception {
        jdk("jdk 25", "25.0.3");
        environment.put("HEDDLE_OPTS", "-Xmx64m -Da=*");
        Path link = Files.createSymbolicLink(elsewhere.resolve("h l"), clone.resolve("heddle"));
        Path relative = Files.createSymbolicLink(elsewhere.resolve("rel"), Path.of("h l"));
        for (Path script : List.of(link, relative)) {
            Ran ran = start(script, "submit", "two  words", "*", "", "it's", "\\n")
                    .await();
            assertThat(ran.exit).isEqualTo(7);
            assertThat(ran.out)
                    .contains("\n[-Xmx64m]\n[-Da=*]\n[--module-path]\n")
                    .endsWith("""
                            [heddle.cli/heddle.cli.Main]
                            [submit]
                            [two  words]
                            [*]
                            []
                            [it's]
                            [\\n]
                            stdin: the input
                            """);
        }
    }

    @Test
    void javaIsJavaWithHeddleOnTheClassPath() throws Exception {
        jdk("jdk", "25.0.3");
        assertThat(run("java", "A B.java", "--help").out)
                .contains("\n[--enable-native-access=ALL-UNNAMED]\n")
                .contains("/*]\n[A B.java]\n[--help]\n")
                .doesNotContain("[java]", "--module-path");
    }

    @Test
    void itBuildsOnceAndAgainAfterAChange() throws Exception {
        jdk("jdk", "25.0.3");
        Ran first = run();
        assertThat(first.err).contains("heddle: building").contains("noise of the build");
        assertThat(first.out).doesNotContain("noise").contains("dependency.jar heddle-cli-1.jar");
        assertThat(run().err).doesNotContain("building");
        assertThat(builds()).isEqualTo(1);

        Path source = clone.resolve("heddle-core/src/main/java/A.java");
        Files.writeString(source, "class A {}");
        aSecondLater(source);
        assertThat(run().err).contains("building");
        assertThat(builds()).isEqualTo(2);
    }

    /** The lines are those of Maven 3.8, in batch mode, cut short. */
    @Test
    void theBuildSaysHowFarItIsAndNoMore() throws Exception {
        Path jdk = jdk("jdk", "25.0.3");
        StringBuilder says = new StringBuilder("[INFO] Scanning for projects...\n");
        for (int i = 1; i <= 101; i++) {
            String from = " from central: https://repo.example/org/file-" + i + ".jar";
            says.append("[INFO] Downloading").append(from).append('\n');
            says.append("[INFO] Downloaded").append(from).append(" (12 kB at 30 kB/s)\n");
        }
        says.append("""
                [INFO] Building Heddle 0.1.0-SNAPSHOT                                     [1/2]
                [INFO] --------------------------------[ pom ]---------------------------------
                [INFO]
                [INFO] Building heddle-core 0.1.0-SNAPSHOT                                [2/2]
                [INFO] Building jar: /x/heddle-core/target/run/heddle-core-0.1.0-SNAPSHOT.jar
                [WARNING] JAR will be empty - no content was marked for inclusion!
                [WARNING] Overwriting /x/heddle-cli/target/run/lib/heddle-core-0.1.0-SNAPSHOT.jar
                [WARNING] a * of another kind \\n

                [INFO] BUILD SUCCESS
                """);
        Files.writeString(clone.resolve("says"), says);
        assertThat(run().err).isEqualTo("""
                        heddle: building (mvn package, with %s)
                        heddle: downloading the build's tools and libraries; this takes minutes, but only once
                        heddle: downloading file 50: file-50.jar
                        heddle: downloading file 100: file-100.jar
                        heddle: building 1 of 2: Heddle
                        heddle: building 2 of 2: heddle-core
                        [WARNING] a * of another kind \\n
                        noise of the build
                        """.formatted(jdk));
    }

    /** A build whose text ends like a good one, without an end of line. */
    @Test
    void aFailedBuildShowsItsErrors() throws Exception {
        jdk("jdk", "25.0.3");
        Files.writeString(clone.resolve("says"), "[INFO] BUILD FAILURE\n[ERROR] A.java:[1,2] ';' expected\nbuilt");
        Files.writeString(clone.resolve("broken"), "");
        Ran ran = run();
        assertThat(ran.exit).isEqualTo(70);
        assertThat(ran.err)
                .contains("[ERROR] A.java:[1,2] ';' expected\n")
                .contains("it does not compile\nheddle: the build failed")
                .doesNotContain("BUILD FAILURE");
    }

    @Test
    void theLabHasABuildOfItsOwn() throws Exception {
        jdk("jdk", "25.0.3");
        Files.createDirectories(clone.resolve("heddle-lab/src/main/java"));
        Files.writeString(clone.resolve("heddle-lab/pom.xml"), "<project/>");
        assertThat(run("lab", "list").out).contains("jars: dependency.jar heddle-lab-1.jar\n");
        assertThat(run("serve").out).contains("jars: dependency.jar heddle-cli-1.jar\n");
        assertThat(run("lab").err + run("tail").err).doesNotContain("building");
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void aSourceThatWentAwayIsAChange() throws Exception {
        jdk("jdk", "25.0.3");
        Path source = clone.resolve("heddle-core/src/main/java/A.java");
        Files.writeString(source, "class A {}");
        run();
        Files.delete(source);
        run();
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void theJarsOfARunningServerSurviveTheNextBuild() throws Exception {
        jdk("jdk", "25.0.3");
        Path first = jarsOf(run());
        Path pom = clone.resolve("pom.xml");
        aSecondLater(pom);
        Path second = jarsOf(run());
        assertThat(second).isNotEqualTo(first);
        assertThat(first.resolve("heddle-cli-1.jar")).exists();
    }

    @Test
    void twoAtOnceBuildOnce() throws Exception {
        jdk("jdk", "25.0.3");
        List<Running> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            all.add(start(clone.resolve("heddle")));
        }
        for (Running running : all) {
            Ran ran = running.await();
            assertThat(ran.exit).as(ran.err).isEqualTo(7);
            assertThat(ran.out).contains("heddle-cli-1.jar");
        }
        assertThat(builds()).isEqualTo(1);
        assertThat(leftLocks()).isEmpty();
    }

    @Test
    void theLockOfADeadProcessIsTakenOver() throws Exception {
        jdk("jdk", "25.0.3");
        lockOfADeadProcess();
        assertThat(run().exit).isEqualTo(7);
        assertThat(leftLocks()).isEmpty();
    }

    /** The folder in which it is. */
    private Path lockOfADeadProcess() throws Exception {
        Process dead = new ProcessBuilder("/bin/sh", "-c", ":").start();
        dead.waitFor();
        Path target = Files.createDirectories(clone.resolve("heddle-cli/target"));
        Files.createSymbolicLink(target.resolve("heddle-build"), Path.of("" + dead.pid()));
        return target;
    }

    /** As of a container that was killed while it built: there each start may have the same number. */
    @Test
    void aLockOfItsOwnNumberIsADeadProcesss() throws Exception {
        jdk("jdk", "25.0.3");
        Files.createDirectories(clone.resolve("heddle-cli/target"));
        Path entry = clone.resolve("entry");
        script(entry, "cd '%s'; ln -s $$ heddle-cli/target/heddle-build; exec ./heddle\n".formatted(clone));
        Ran ran = start(entry).await();
        assertThat(ran.exit).as(ran.err).isEqualTo(7);
        assertThat(leftLocks()).isEmpty();
    }

    @Test
    void aLockThatCannotBeMadeIsAnErrorNotAHang() throws Exception {
        jdk("jdk", "25.0.3");
        script(tools.resolve("ln"), "echo 'ln: Read-only file system' >&2; exit 1");
        script(tools.resolve("sleep"), "");
        Ran ran = run();
        assertThat(ran.exit).isEqualTo(70);
        assertThat(ran.err).isEqualTo("heddle: cannot take the lock of the build: ln: Read-only file system\n");
    }

    @Test
    void aBreakThatWasCutOffIsAnErrorThatNamesIt() throws Exception {
        jdk("jdk", "25.0.3");
        Path target = lockOfADeadProcess();
        Path left = Files.createDirectory(target.resolve("heddle-build.break"));
        script(tools.resolve("sleep"), "");
        Ran ran = run();
        assertThat(ran.exit).isEqualTo(70);
        assertThat(ran.err)
                .startsWith("heddle: cannot take the lock of the build: mkdir: ")
                .contains(left.toString());
    }

    @Test
    void aFailedBuildShowsWhyAndIsTriedAgain() throws Exception {
        jdk("jdk", "25.0.3");
        Files.writeString(clone.resolve("broken"), "");
        Ran ran = run();
        assertThat(ran.exit).isEqualTo(70);
        assertThat(ran.err).contains("it does not compile").contains("heddle: the build failed");
        assertThat(ran.out).isEmpty();
        assertThat(leftLocks()).isEmpty();

        Files.delete(clone.resolve("broken"));
        assertThat(run().exit).isEqualTo(7);
    }

    private Path jdk(String name, String version) throws IOException {
        Path home = Files.createDirectories(jvms.resolve(name));
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        script(home.resolve("bin/javac"), "");
        script(home.resolve("bin/java"), """
                echo 'java of %s'
                for run in "$PWD" "$@"; do case $run in */heddle-run-*) break ;; esac; done
                echo "jars:" $(cd "$run" && echo *.jar)
                printf '[%%s]\\n' "$@"
                printf 'stdin: '; cat
                exit 7
                """.formatted(name));
        return home;
    }

    private Ran run(String... args) throws Exception {
        return start(clone.resolve("heddle"), args).await();
    }

    private Running start(Path script, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(script.toString()));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command).directory(elsewhere.toFile());
        Path input = Files.writeString(folder.resolve("input"), "the input\n");
        Path out = Files.createTempFile(folder, "out", "");
        Path err = Files.createTempFile(folder, "err", "");
        builder.redirectInput(input.toFile());
        builder.redirectOutput(out.toFile());
        builder.redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        return new Running(builder.start(), out, err);
    }

    private int builds() throws IOException {
        return Files.readAllLines(clone.resolve("mvn.log")).size();
    }

    private Path jarsOf(Ran ran) {
        Matcher folderOfJars = Pattern.compile("--module-path]\n\\[(.*)]").matcher(ran.out);
        assertThat(folderOfJars.find()).as(ran.out).isTrue();
        return Path.of(folderOfJars.group(1));
    }

    private List<Path> leftLocks() throws IOException {
        try (Stream<Path> files = Files.list(clone.resolve("heddle-cli/target"))) {
            return files.filter(f -> f.getFileName().toString().startsWith("heddle-build"))
                    .toList();
        }
    }

    /** Some file systems count time in seconds. */
    private static void aSecondLater(Path changed) throws IOException {
        Instant later = Instant.now().plus(Duration.ofSeconds(1));
        Files.setLastModifiedTime(changed, FileTime.from(later));
    }

    private static void script(Path file, String body) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + body);
        makeExecutable(file);
    }

    private static void makeExecutable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private record Ran(int exit, String out, String err) {}

    private record Running(Process process, Path out, Path err) {
        Ran await() throws Exception {
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("ended").isTrue();
            return new Ran(process.exitValue(), Files.readString(out), Files.readString(err));
        }
    }
}
