package heddle.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pages lead where they say, and their samples compile. */
class PagesTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("^#+ +(.*)$", Pattern.MULTILINE);
    private static final Pattern CODE = Pattern.compile("^```.*?^```$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern SAMPLE = Pattern.compile("^```java\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

    /** What a sample of docs/coming-from.md takes as given. */
    private static final String FRAME = """
            import heddle.net.*;
            import java.io.OutputStream;
            import java.time.Duration;
            import java.util.concurrent.*;
            final class Samples {
                static Conn conn;
                static OutputStream out;
                static int n;
                static final byte[] buffer = new byte[100];
            SAMPLES
            }
            """;

    @TempDir
    private Path folder;

    @Test
    void everyLinkLeadsSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        List<Path> pages = pages();
        for (Path page : pages) {
            Matcher link = LINK.matcher(CODE.matcher(Files.readString(page)).replaceAll(""));
            while (link.find()) {
                if (!leads(page, link.group(1))) {
                    broken.add(ROOT.relativize(page) + ": " + link.group(1));
                }
            }
        }
        assertThat(broken).isEmpty();
        assertThat(pages).hasSizeGreaterThan(15);
        Path readme = ROOT.resolve("README.md");
        assertThat(leads(readme, "docs/nowhere.md")).isFalse();
        assertThat(leads(readme, "docs/server.md#no-such-part")).isFalse();
        assertThat(leads(readme, "docs/server.md#the-data-folder")).isTrue();
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> top = Files.list(ROOT);
                Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            return Stream.concat(top, docs)
                    .filter(f -> f.toString().endsWith(".md"))
                    .toList();
        }
    }

    private static boolean leads(Path page, String link) throws IOException {
        if (link.startsWith("https://")) {
            return true;
        }
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]).normalize();
        if (!Files.exists(target)) {
            return false;
        }
        return parts.length == 1 || anchors(target).contains(parts[1]);
    }

    /** As GitHub makes them of headings. */
    private static Set<String> anchors(Path page) throws IOException {
        return HEADING.matcher(Files.readString(page))
                .results()
                .map(heading -> heading.group(1)
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-'))
                .collect(Collectors.toSet());
    }

    @Test
    void everyDecisionIsInTheIndex() throws IOException {
        Path decisions = ROOT.resolve("docs/decisions");
        String index = Files.readString(decisions.resolve("README.md"));
        try (Stream<Path> files = Files.list(decisions)) {
            List<String> names = files.map(f -> f.getFileName().toString())
                    .filter(name -> name.matches("\\d{4}-.*\\.md"))
                    .toList();
            assertThat(names).hasSizeGreaterThan(10);
            assertThat(names).allSatisfy(name -> assertThat(index).contains("(" + name + ")"));
        }
    }

    @Test
    @Tag("thorough")
    void samplesForThoseWhoComeFromElsewhereCompile() throws IOException {
        String page = Files.readString(ROOT.resolve("docs/coming-from.md"));
        StringBuilder methods = new StringBuilder();
        int count = 0;
        for (Matcher sample = SAMPLE.matcher(page); sample.find(); count++) {
            methods.append("void sample%d() throws Exception {\n%s}\n".formatted(count, sample.group(1)));
        }
        assertThat(count).isGreaterThan(3);
        var problems = new DiagnosticCollector<JavaFileObject>();
        var compiler = ToolProvider.getSystemJavaCompiler();
        List<String> options = List.of(
                "--enable-preview",
                "--release",
                Integer.toString(Runtime.version().feature()),
                "-cp",
                Path.of("target/classes").toString(),
                "-d",
                folder.toString());
        boolean compiled = compiler.getTask(
                        new StringWriter(),
                        null,
                        problems,
                        options,
                        null,
                        List.of(new Source(FRAME.replace("SAMPLES", methods))))
                .call();
        assertThat(compiled).as(() -> problems.getDiagnostics().toString()).isTrue();
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String text) {
            super(URI.create("string:///Samples.java"), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}
