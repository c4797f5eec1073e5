package heddle.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.testing.Conformance.WrongException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConformanceTest {

    @TempDir
    private Path root;

    @Test
    @Tag("thorough")
    void documentIsFresh() throws IOException {
        assertThat(Conformance.isFresh(Conformance.root()))
                .as("docs/conformance.md is what the tests' annotations say; if not: mvn -q" + " -Pconformance")
                .isTrue();
    }

    @Test
    void contractCountsForEachSubclassAndEachWay() throws IOException {
        list("1 | one\n2 | two\n3 | three | no use");
        source(
                "heddle-core/src/test",
                "Contract",
                "@Ways abstract class Contract { @Test @Behaviour({1, 2}) void holds() {} }");
        source("heddle-core/src/test", "TcpConnTest", "class TcpConnTest extends Contract {}");
        source(
                "heddle-core/src/test",
                "PipeTest",
                "@NotIn(value = Way.NIO, because = \"none\") class PipeTest extends Contract {}");
        source("heddle-cli/src/test", "TlsTest", "class TlsTest extends Contract {}");
        assertThat(Conformance.document(root))
                .contains("| with tests | 2 |", "| with a reason to have none | 1 |")
                .contains("| 1 | one | `Contract#holds` over pipe (not nio), tcp, tls |  |")
                .contains("| 3 | three | no test: no use |  |");
    }

    @Test
    void classOfJcstressIsCited() throws IOException {
        list("1 | one\nS1 | there");
        source(
                "heddle-stress/src/main",
                "FireStress",
                "class FireStress { @JCStressTest @Behaviour(1) @Scenario(\"S1\") static class" + " Moved {} }");
        assertThat(Conformance.document(root))
                .contains("| of these, in each way of running | 0 |")
                .contains("| 1 | one |  | `FireStress.Moved` (jcstress) |")
                .contains("| S1 | there |  | `FireStress.Moved` (jcstress) |");
    }

    @Test
    void whatDoesNotFitIsNamed() throws IOException {
        list("1 | one | no use\n1 | one again | no use\nnothing\n5 | five");
        source(
                "heddle-core/src/test",
                "OddTest",
                "class OddTest { @Test @Behaviour(1) void both() {} @Behaviour(2) void helper() {}"
                        + " @Test @Behaviour(221) void unknown() {} }");
        assertThatThrownBy(() -> Conformance.document(root))
                .isInstanceOf(WrongException.class)
                .hasMessageContaining("1 is listed twice")
                .hasMessageContaining("got: nothing")
                .hasMessageContaining("5 has neither a test nor a reason")
                .hasMessageContaining("1 has a reason to have no test (no use) and tests: [][`OddTest#both`]")
                .hasMessageContaining("OddTest#helper cites [2] and is no test")
                .hasMessageContaining("OddTest#unknown cites 221");
    }

    @Test
    void staleDocumentIsNotFresh() throws IOException {
        list("2 | two");
        source("heddle-core/src/test", "BTest", "class BTest { @Test @Behaviour(2) void b() {} }");
        Files.createDirectories(root.resolve("docs"));
        assertThat(Conformance.isFresh(root)).isFalse();
        Conformance.main(new String[] {root.toString()});
        assertThat(Conformance.isFresh(root)).isTrue();
        source("heddle-core/src/test", "ATest", "class ATest { @Test @Behaviour(2) void a() {} }");
        assertThat(Conformance.isFresh(root)).isFalse();
    }

    private void list(String lines) throws IOException {
        write("heddle-core/src/test/resources/heddle/testing/behaviours.txt", lines);
    }

    private void source(String directory, String name, String text) throws IOException {
        write(directory + "/java/heddle/" + name + ".java", "package heddle; " + text);
    }

    private void write(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
