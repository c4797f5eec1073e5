package heddle.testing;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Finds what comments and pages name and nobody has: a method that was renamed, a class that went, a page that was
/// never there. The compiler sees none of it, as comments name things in prose.
///
/// What is taken for a name, and when it holds:
///
/// - `ReadinessSlot`, two humps or more: a class of the JDK, a word of the code, or the end of a dotted one in a string
///   of the code.
/// - `Poller.arm` and `Poller#arm`: the class, ours or the JDK's, has such a member.
/// - `close()`: some code declares or calls it. Names with an underscore are the kernel's.
/// - `deadlineNanos`: a word of the code. So is `NOT_ARMED` in a comment, unless it begins as the kernel's do; in a
///   page it is a variable of the environment.
/// - `docs/lab.md`, `tools/emulate`, `References.java`: a path from the root or its beginning up to a slash or a
///   hyphen, or a file of that name anywhere.
/// - `heddle.net.Conn`, `heddle.way`: a package or a class of ours, or in a string of the code, as properties are.
///
/// Words of the code are the identifiers outside of comments and strings of all Java sources, tests too, and the names
/// of alerts. Read are the comments of these sources, and README, CONTRIBUTING and the pages below docs outside of what
/// is fenced or indented.
final class References {

    /** Names of others that look like ours. */
    private static final Set<String> FOREIGN = Set.of(
            // Units, products and their parts.
            "KiB",
            "MiB",
            "GiB",
            "macOS",
            "ArchUnit",
            "ConfigMap",
            "subPath",
            "TimeoutStopSec",
            "terminationGracePeriodSeconds",
            "AssertJ",
            "DevTools",
            "GitHub",
            "IntelliJ",
            "MapDB",
            "NullAway",
            "OpenMetrics",
            "HttpOnly",
            "SameSite",
            "RocksDB",
            "SplitMix64",
            "ThreadPriorityCheck",
            "UseTransparentHugePages",
            "MaxInlineLevel",
            "VisualVM",
            "WebDriver",
            "WebJar",
            "testCompile",
            "argLine",
            "commandlineArgs",
            "attachListener_linux",
            "toolchains.xml",
            // Go's, and a flag of the JVM.
            "FallbackDelay",
            "SetReadDeadline",
            "SetWriteDeadline",
            "SetDeadline",
            "CloseWrite",
            "fd_mutex.go",
            "MaxFDLimit",
            // systemd's, and its units of ours.
            "SD_LISTEN_FDS_START",
            "FileDescriptorName",
            "ListenStream",
            "LimitNOFILE",
            "RestartPreventExitStatus",
            "heddle.service",
            "heddle.socket",
            // Of Linux: a clock, and the two halves of an instruction.
            "CLOCK_MONOTONIC",
            "BPF_RET",
            "BPF_K",
            // Flags of io_uring_setup(2).
            "COOP_TASKRUN",
            "DEFER_TASKRUN",
            "NO_SQARRAY",
            "SINGLE_ISSUER",
            "SUBMIT_ALL",
            // A field on the wire; the attribute that a counter's id becomes.
            "totalLength",
            "GivenUp",
            "ErrorTooLong",
            // Of the user's project in docs/library.md.
            "src/main/java/app/Main.java",
            "src/test/java/app/MainTest.java");

    private static final Pattern COMMENT_OR_TEXT =
            Pattern.compile("(?<text>\"\"\"(?s:.*?)\"\"\"|\"(?:\\\\.|[^\"\\\\\\n])*+\"|'(?:\\\\.|[^'\\\\\\n])++')"
                    + "|(?<comment>/\\*(?s:.*?)\\*/|//[^\\n]*)");

    private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_$][\\w$]*");

    private static final Pattern CALL = Pattern.compile("([A-Za-z_$][\\w$]*)\\s*\\(|::\\s*(\\w+)");

    private static final Pattern TYPE = Pattern.compile("\\b(?:class|interface|enum|record|@interface)\\s+([A-Z]\\w*)");

    private static final Pattern HOME = Pattern.compile("(?m)^(?:package|module) ([\\w.]+)");

    private static final Pattern SUPERTYPES = Pattern.compile("\\b(?:extends|implements)\\s+([^{]+)\\{");

    private static final Pattern FILE = Pattern.compile(
            "(?<![\\w/.-])(?:[\\w.-]+/)*[\\w.-]*\\w\\.(?:md|java|txt|py|go|json|args|xml|css|js)\\b(?![\\w/(])");

    private static final Pattern PATH =
            Pattern.compile("(?<![\\w/.-])(?:docs|tools|examples|\\.ci|\\.mvn|heddle-[a-z]+)(?:/[\\w.-]*\\w)+");

    private static final Pattern MEMBER =
            Pattern.compile("(?<![\\w.$/-])([A-Z]\\w*)[.#]([A-Za-z]\\w*)(?![\\w/-]|\\.\\w)");

    private static final Pattern METHOD = Pattern.compile("(?<![\\w/-])([a-z][a-zA-Z0-9]*)\\((?=\\)|[^0-9A-Z])");

    private static final Pattern HUMPS =
            Pattern.compile("(?<![\\w.$/@%-])([A-Za-z][a-z0-9]+(?:[A-Z][a-z0-9]+)*[A-Z]\\w*)(?![\\w/-])");

    private static final Pattern CONSTANT =
            Pattern.compile("(?<![\\w./-])(?!(?:TCP|SO|IPV6|IOV|MSG|SCM|EPOLL)_)[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?!\\w)");

    private static final Pattern OURS = Pattern.compile("(?<![\\w./-])(?:-D)?(heddle(?:\\.[a-zA-Z]\\w*)+)");

    private static final Pattern SNIPPET = Pattern.compile("\\{@snippet(?s:.*?)\\n[ */]*}\\s");

    private static final Pattern URL = Pattern.compile("https?://\\S+");

    private final Path root;
    private final List<Source> sources = new ArrayList<>();
    private final Set<String> words = new HashSet<>();
    private final Set<String> calls = new HashSet<>();
    private final Set<String> packages = new HashSet<>();

    /** All strings of the code, a line each. */
    private final StringBuilder strings = new StringBuilder();

    /** Paths from the root. */
    private final Set<String> files = new TreeSet<>();

    /** The sources that declare a class of ours, by its simple name; nested ones too. */
    private final Map<String, Set<Source>> types = new HashMap<>();

    /** Classes of the JDK by simple name. */
    private final Map<String, Set<String>> jdk = new HashMap<>();

    /** One file; {@code code} is without comments and strings, empty for a page. */
    private record Source(Path file, String code, Set<String> words, List<Comment> comments) {
        boolean isPage() {
            return code.isEmpty();
        }
    }

    private record Comment(int line, String text) {}

    private References(Path root) {
        this.root = root;
    }

    /** What is named and not there, a line each with file and line. */
    static List<String> dangling(Path root) throws IOException {
        var references = new References(root);
        references.readFiles();
        references.readJdk();
        List<String> found = new ArrayList<>();
        for (Source source : references.sources) {
            for (Comment comment : source.comments) {
                for (String name : references.unknown(comment.text, source)) {
                    found.add(root.relativize(source.file) + ":" + comment.line + " names " + name);
                }
            }
        }
        return found;
    }

    /** Not by Files.walk: what the build makes comes and goes meanwhile. */
    private void readFiles() throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                boolean isOurs = !directory.endsWith("target") && !directory.endsWith(".git");
                return isOurs ? FileVisitResult.CONTINUE : FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                files.add(root.relativize(file).toString());
                return FileVisitResult.CONTINUE;
            }
        });
        for (String name : files) {
            if (name.matches("(heddle-[a-z]+/src|examples|tools)/.*\\.java")) {
                readSource(root.resolve(name));
            } else if (name.matches("(README|CONTRIBUTING|docs/(?!conformance).*)\\.md")) {
                readPage(root.resolve(name));
            } else if (name.equals("docs/grafana/alerts.yaml")) {
                words.addAll(all(IDENTIFIER, Files.readString(root.resolve(name))));
            }
        }
    }

    private void readSource(Path file) throws IOException {
        String text = Files.readString(file);
        List<Comment> comments = new ArrayList<>();
        Matcher matcher = COMMENT_OR_TEXT.matcher(text);
        var code = new StringBuilder();
        int lastLine = -2;
        while (matcher.find()) {
            boolean isComment = matcher.group("comment") != null;
            matcher.appendReplacement(code, isComment ? " " : "\"\"");
            if (!isComment) {
                strings.append(matcher.group()).append('\n');
            }
            if (isComment) {
                int line = 1
                        + (int) text.substring(0, matcher.start())
                                .chars()
                                .filter(c -> c == '\n')
                                .count();
                String comment = matcher.group("comment");
                if (comment.startsWith("//") && lastLine == line - 1) {
                    Comment before = comments.removeLast();
                    comments.add(new Comment(before.line, before.text + "\n" + comment));
                } else {
                    comments.add(new Comment(line, comment));
                }
                lastLine = comment.startsWith("//") ? line : -2;
            }
        }
        matcher.appendTail(code);
        Set<String> identifiers = all(IDENTIFIER, code);
        var source = new Source(file, code.toString(), identifiers, comments);
        sources.add(source);
        words.addAll(identifiers);
        calls.addAll(all(CALL, code));
        for (String type : all(TYPE, code)) {
            types.computeIfAbsent(type, _ -> new HashSet<>()).add(source);
        }
        packages.addAll(all(HOME, code));
    }

    /** Each line of a page is a comment to us. */
    private void readPage(Path file) throws IOException {
        List<Comment> comments = new ArrayList<>();
        boolean fenced = false;
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            fenced ^= line.startsWith("```");
            if (!fenced && !line.startsWith("    ")) {
                comments.add(new Comment(number, line));
            }
        }
        sources.add(new Source(file, "", Set.of(), comments));
    }

    private void readJdk() throws IOException {
        Path modules = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules");
        try (Stream<Path> all = Files.walk(modules)) {
            for (Path file : (Iterable<Path>) all::iterator) {
                String name = file.toString();
                if (name.endsWith(".class") && !name.endsWith("-info.class")) {
                    name = file.subpath(2, file.getNameCount())
                            .toString()
                            .replaceAll("\\.class$", "")
                            .replace('/', '.');
                    jdk.computeIfAbsent(name.replaceAll(".*[.$]", ""), _ -> new HashSet<>())
                            .add(name);
                }
            }
        }
    }

    private Set<String> unknown(String comment, Source source) {
        String text = SNIPPET.matcher(comment).replaceAll(" ");
        text = URL.matcher(text).replaceAll(" ").replaceAll("\n\\s*(\\*|///?) ?", "\n");
        Set<String> unknown = new TreeSet<>();
        for (Pattern pattern : List.of(PATH, FILE)) {
            all(pattern, text).stream().filter(f -> !isFile(f)).forEach(unknown::add);
            text = pattern.matcher(text).replaceAll(" ");
        }
        all(OURS, text).stream().filter(n -> !isOurs(n)).forEach(unknown::add);
        text = OURS.matcher(text).replaceAll(n -> n.group().replaceFirst("^([a-z]\\w*\\.)+(?=[A-Z])", ""));
        Matcher member = MEMBER.matcher(text);
        while (member.find()) {
            if (!hasMember(member.group(1), member.group(2))) {
                unknown.add(member.group());
            }
        }
        text = MEMBER.matcher(text).replaceAll(" ");
        all(METHOD, text).stream()
                .filter(m -> !calls.contains(m))
                .map(m -> m + "()")
                .forEach(unknown::add);
        text = METHOD.matcher(text).replaceAll(" ");
        all(HUMPS, text).stream()
                .filter(w -> !words.contains(w) && !jdk.containsKey(w) && strings.indexOf("." + w) < 0)
                .forEach(unknown::add);
        if (!source.isPage()) {
            all(CONSTANT, text).stream()
                    .filter(w -> !words.contains(w) && strings.indexOf(w) < 0)
                    .forEach(unknown::add);
        }
        unknown.removeAll(FOREIGN);
        return unknown;
    }

    /**
     * Whether it is a path from the root, the beginning of one up to a word's end (docs/decisions/0010), or a file's
     * name alone. What the build makes is not looked for.
     */
    private boolean isFile(String link) {
        String name = link.replaceFirst("^(\\.\\./)+", "");
        return name.contains("/target/")
                || files.stream()
                        .anyMatch(f -> f.equals(name)
                                || (f.startsWith(name) && "/-".indexOf(f.charAt(name.length())) >= 0)
                                || f.endsWith("/" + name));
    }

    /** A package, or a class in one of ours, perhaps with a member; or a module, or a word of a string. */
    private boolean isOurs(String name) {
        if (strings.indexOf(name) >= 0) {
            return true;
        }
        String[] parts = name.split("\\.");
        String packageName = Arrays.stream(parts)
                .takeWhile(p -> Character.isLowerCase(p.charAt(0)))
                .collect(Collectors.joining("."));
        List<String> classes = Arrays.stream(parts)
                .filter(p -> Character.isUpperCase(p.charAt(0)))
                .toList();
        return packages.stream().anyMatch(p -> p.equals(packageName) || p.startsWith(packageName + "."))
                && (classes.isEmpty() || types.containsKey(classes.getFirst()));
    }

    private boolean hasMember(String type, String member) {
        Set<Source> ours = types.getOrDefault(type, Set.of());
        Set<String> theirs = jdk.getOrDefault(type, Set.of());
        if (ours.isEmpty() && theirs.isEmpty()) {
            // A library's: its members are not at hand.
            return words.contains(type) && words.contains(member);
        }
        return ours.stream().anyMatch(s -> inherits(s, member, new HashSet<>()))
                || theirs.stream().anyMatch(c -> jdkHasMember(c, member));
    }

    private boolean inherits(Source source, String member, Set<Source> seen) {
        return seen.add(source)
                && (source.words.contains(member)
                        || all(SUPERTYPES, source.code).stream()
                                .flatMap(s -> all(IDENTIFIER, s).stream())
                                .anyMatch(s -> types.getOrDefault(s, Set.of()).stream()
                                                .anyMatch(t -> inherits(t, member, seen))
                                        || jdk.getOrDefault(s, Set.of()).stream()
                                                .anyMatch(c -> jdkHasMember(c, member))));
    }

    private static boolean jdkHasMember(String name, String member) {
        try {
            for (Class<?> c = Class.forName(name, false, null); c != null; c = c.getSuperclass()) {
                if (Stream.of(c.getDeclaredMethods(), c.getDeclaredFields(), c.getMethods())
                                .flatMap(Arrays::stream)
                                .anyMatch(m -> m.getName().equals(member))
                        || Arrays.stream(c.getDeclaredClasses())
                                .anyMatch(n -> n.getSimpleName().equals(member))) {
                    return true;
                }
            }
            return false;
        } catch (ClassNotFoundException | LinkageError notLoadable) {
            // Another class loader's, or half there: say nothing of it.
            return true;
        }
    }

    /** What the pattern's first group that matched, or all of it, found. */
    private static Set<String> all(Pattern pattern, CharSequence text) {
        return pattern.matcher(text)
                .results()
                .map(r -> {
                    for (int i = 1; i <= r.groupCount(); i++) {
                        if (r.group(i) != null) {
                            return r.group(i);
                        }
                    }
                    return r.group();
                })
                .collect(Collectors.toSet());
    }

    public static void main(String[] args) throws IOException {
        dangling(Path.of(args[0])).forEach(System.out::println);
    }
}
