package heddle.testing;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.AssignmentTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.NewArrayTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.ToolProvider;

/**
 * Makes docs/conformance.md of behaviours.txt and of what the tests cite ({@link Behaviour}, {@link Scenario}): {@code
 * mvn -q -Pconformance}. ConformanceTest fails when the file is stale.
 *
 * <p>It parses the sources of all modules, with the JDK's own compiler, and needs nothing to be built: neither an order
 * of modules, nor a module that depends on all the others. Hence it runs by the java launcher too.
 */
public final class Conformance {

    private static final Path BEHAVIOURS = Path.of("heddle-core/src/test/resources/heddle/testing/behaviours.txt");

    private static final Path DOCUMENT = Path.of("docs/conformance.md");

    private static final Set<String> TEST_METHODS =
            Set.of("Test", "ParameterizedTest", "RepeatedTest", "TestFactory", "TestTemplate");

    /** Whether a file of this text cites, or may have a class that inherits from one that does. */
    private static final Predicate<String> MATTERS =
            Pattern.compile("@Behaviour\\(|@Scenario\\(|Test extends ").asPredicate();

    private final List<Type> types = new ArrayList<>();
    private final Map<String, Row> rows = new LinkedHashMap<>();
    private final List<String> errors = new ArrayList<>();

    /** What is wrong with the annotations or the list, a line each. */
    static final class WrongException extends RuntimeException {
        private static final long serialVersionUID = 1;

        WrongException(List<String> errors) {
            super(String.join("\n", errors));
        }
    }

    /**
     * A class with its citations; {@code name} is after that of the class around and a dot, {@code without} the way it
     * is disabled in.
     */
    private record Type(
            String packageName,
            String name,
            String parent,
            boolean isAbstract,
            boolean ways,
            boolean stress,
            String without,
            List<Citation> citations) {}

    /** That a method, or a class if {@code method} is empty, cites {@code ids}. */
    private record Citation(String method, List<String> ids, boolean isTest, String without) {}

    /** A line of the table. */
    private static final class Row {
        final String id;
        final String name;
        final String reason;
        final Set<String> everyWay = new TreeSet<>();
        final Set<String> once = new TreeSet<>();

        Row(String id, String name, String reason) {
            this.id = id;
            this.name = name;
            this.reason = reason;
        }

        boolean isBehaviour() {
            return Character.isDigit(id.charAt(0));
        }

        boolean isTested() {
            return !everyWay.isEmpty() || !once.isEmpty();
        }

        boolean applies() {
            return reason.isEmpty();
        }

        String line() {
            String tests = String.join(", ", everyWay);
            if (!applies()) {
                tests = "no test: " + reason;
            }
            return "| " + id + " | " + name + " | " + tests + " | " + String.join(", ", once) + " |";
        }
    }

    private Conformance() {}

    /** Writes the document, under the root of the sources or above the working directory. */
    public static void main(String[] args) throws IOException {
        Path root = args.length > 0 ? Path.of(args[0]) : root();
        Files.writeString(root.resolve(DOCUMENT), document(root));
    }

    /** The root of the sources, above the working directory of whoever runs the tests. */
    public static Path root() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.exists(at.resolve(BEHAVIOURS))) {
            at = at.getParent();
            if (at == null) {
                throw new IllegalStateException(
                        "not in Heddle's sources: " + Path.of("").toAbsolutePath());
            }
        }
        return at;
    }

    /** Whether {@code root} holds the document that its sources ask for. */
    static boolean isFresh(Path root) throws IOException {
        return Files.exists(root.resolve(DOCUMENT))
                && Files.readString(root.resolve(DOCUMENT)).equals(document(root));
    }

    /** The text that belongs into {@link #DOCUMENT}. */
    static String document(Path root) throws IOException {
        var conformance = new Conformance();
        conformance.readRows(root.resolve(BEHAVIOURS));
        conformance.parse(sources(root));
        conformance.cite();
        if (!conformance.errors.isEmpty()) {
            throw new WrongException(conformance.errors);
        }
        return conformance.text();
    }

    private void readRows(Path file) throws IOException {
        for (String line : Files.readAllLines(file)) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] parts = line.split(" \\| ", -1);
            if (parts.length < 2 || parts.length > 3) {
                errors.add("want 'number | name' or 'number | name | reason', got: " + line);
            } else {
                var row = new Row(parts[0], parts[1], parts.length == 3 ? parts[2] : "");
                if (rows.put(row.id, row) != null) {
                    errors.add(row.id + " is listed twice");
                }
            }
        }
    }

    /** Of all modules; heddle-stress has its own under main. */
    private static List<Path> sources(Path root) throws IOException {
        List<Path> found = new ArrayList<>();
        try (Stream<Path> modules = Files.list(root)) {
            for (Path module : modules.sorted().toList()) {
                for (String kind : List.of("test", "main")) {
                    Path sources = module.resolve("src").resolve(kind).resolve("java");
                    if (Files.isDirectory(sources)) {
                        try (Stream<Path> files = Files.walk(sources)) {
                            for (Path file : files.sorted().toList()) {
                                if (file.toString().endsWith(".java") && MATTERS.test(Files.readString(file))) {
                                    found.add(file);
                                }
                            }
                        }
                    }
                }
            }
        }
        return found;
    }

    private void parse(List<Path> sources) throws IOException {
        var compiler = ToolProvider.getSystemJavaCompiler();
        try (var files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            var task = (JavacTask) compiler.getTask(
                    null, files, null, List.of("-proc:none"), null, files.getJavaFileObjectsFromPaths(sources));
            for (CompilationUnitTree unit : task.parse()) {
                new Reader(unit).scan(unit, "");
            }
        }
    }

    /** Collects the classes of one file; the scan's parameter is the name of the class around. */
    private final class Reader extends TreeScanner<Void, String> {
        private final String packageName;

        Reader(CompilationUnitTree unit) {
            this.packageName =
                    unit.getPackageName() == null ? "" : unit.getPackageName().toString();
        }

        @Override
        public Void visitClass(ClassTree tree, String outer) {
            if (tree.getSimpleName().isEmpty()) {
                return super.visitClass(tree, outer);
            }
            String name = outer.isEmpty() ? "" + tree.getSimpleName() : outer + "." + tree.getSimpleName();
            ModifiersTree modifiers = tree.getModifiers();
            boolean stress = has(modifiers, "JCStressTest"::equals);
            List<Citation> citations = new ArrayList<>();
            addCitation(citations, "", modifiers, stress);
            for (var member : tree.getMembers()) {
                if (member instanceof MethodTree method) {
                    addCitation(
                            citations,
                            method.getName().toString(),
                            method.getModifiers(),
                            has(method.getModifiers(), TEST_METHODS::contains));
                }
            }
            ExpressionTree parent = (ExpressionTree) tree.getExtendsClause();
            types.add(new Type(
                    packageName,
                    name,
                    parent == null ? "" : parent.toString(),
                    modifiers.getFlags().contains(Modifier.ABSTRACT),
                    has(modifiers, "Ways"::equals),
                    stress,
                    without(modifiers),
                    citations));
            return super.visitClass(tree, name);
        }

        private void addCitation(List<Citation> citations, String method, ModifiersTree modifiers, boolean isTest) {
            List<String> ids = new ArrayList<>();
            for (AnnotationTree annotation : modifiers.getAnnotations()) {
                if (Set.of("Behaviour", "Scenario").contains(nameOf(annotation))) {
                    annotation.getArguments().forEach(a -> addLiterals(ids, a));
                }
            }
            if (!ids.isEmpty()) {
                citations.add(new Citation(method, ids, isTest, without(modifiers)));
            }
        }

        /** {@code nio} for {@link NotIn} with {@code Way.NIO}; empty without it. */
        private static String without(ModifiersTree modifiers) {
            for (AnnotationTree annotation : modifiers.getAnnotations()) {
                if (nameOf(annotation).equals("NotIn")) {
                    for (ExpressionTree argument : annotation.getArguments()) {
                        if (argument instanceof AssignmentTree assignment
                                && assignment.getVariable().toString().equals("value")) {
                            return assignment
                                    .getExpression()
                                    .toString()
                                    .replace("Way.", "")
                                    .toLowerCase(Locale.ROOT);
                        }
                    }
                }
            }
            return "";
        }

        private static boolean has(ModifiersTree modifiers, Predicate<String> name) {
            return modifiers.getAnnotations().stream().map(Reader::nameOf).anyMatch(name);
        }

        private static String nameOf(AnnotationTree annotation) {
            String name = annotation.getAnnotationType().toString();
            return name.substring(name.lastIndexOf('.') + 1);
        }

        private static void addLiterals(List<String> ids, ExpressionTree expression) {
            switch (expression) {
                case AssignmentTree assignment -> addLiterals(ids, assignment.getExpression());
                case NewArrayTree array -> array.getInitializers().forEach(e -> addLiterals(ids, e));
                case LiteralTree literal -> ids.add(literal.getValue().toString());
                default -> ids.add("(no literal: " + expression + ")");
            }
        }
    }

    private void cite() {
        for (Type type : types) {
            for (Citation citation : type.citations) {
                String where = type.name + (citation.method.isEmpty() ? "" : "#" + citation.method);
                if (!citation.isTest) {
                    errors.add(where + " cites " + citation.ids + " and is no test");
                    continue;
                }
                for (String id : citation.ids) {
                    Row row = rows.get(id);
                    if (row == null) {
                        errors.add(where + " cites " + id + ", which " + BEHAVIOURS + " does not list");
                    } else {
                        cite(row, type, citation.without, where);
                    }
                }
            }
        }
        for (Row row : rows.values()) {
            if (row.applies() && !row.isTested()) {
                errors.add(row.id + " has neither a test nor a reason to have none");
            }
            if (!row.applies() && row.isTested()) {
                errors.add(row.id
                        + " has a reason to have no test ("
                        + row.reason
                        + ") and tests: "
                        + row.everyWay
                        + row.once);
            }
        }
    }

    private void cite(Row row, Type type, String without, String where) {
        String note =
                type.stress ? " (jcstress)" : notIn(without.isEmpty() && !type.isAbstract ? type.without : without);
        Set<String> everyWay = new TreeSet<>();
        Set<String> once = new TreeSet<>();
        for (Type run : withSubtypes(type).filter(t -> !t.isAbstract).toList()) {
            (ways(run) ? everyWay : once).add(networkOf(run));
        }
        if (!everyWay.isEmpty()) {
            row.everyWay.add("`" + where + "`" + note + over(type, everyWay));
        }
        if (!once.isEmpty()) {
            row.once.add("`" + where + "`" + note + over(type, once));
        }
    }

    private static String notIn(String way) {
        return way.isEmpty() ? "" : " (not " + way + ")";
    }

    /** What a contract's subclass runs it over, by its name: TcpConnTest over tcp. */
    private static String networkOf(Type run) {
        return run.name.replaceFirst("(Conn)?Test$", "").toLowerCase(Locale.ROOT) + notIn(run.without);
    }

    private static String over(Type type, Set<String> networks) {
        return type.isAbstract ? " over " + String.join(", ", networks) : "";
    }

    private boolean ways(Type type) {
        return type.ways || parentOf(type).anyMatch(this::ways);
    }

    private Stream<Type> withSubtypes(Type type) {
        return Stream.concat(
                Stream.of(type),
                types.stream().filter(t -> parentOf(t).anyMatch(type::equals)).flatMap(this::withSubtypes));
    }

    /** The superclass if it is one of ours: a sibling, of the same package, or the only one of that name. */
    private Stream<Type> parentOf(Type type) {
        if (type.parent.isEmpty()) {
            return Stream.empty();
        }
        String outer = type.name.substring(0, type.name.lastIndexOf('.') + 1);
        List<Type> named = types.stream()
                .filter(t -> t.name.equals(type.parent) || t.name.equals(outer + type.parent))
                .toList();
        List<Type> near = named.stream()
                .filter(t -> t.packageName.equals(type.packageName))
                .toList();
        List<Type> found = near.isEmpty() ? named : near;
        return found.size() == 1 ? found.stream() : Stream.empty();
    }

    private String text() {
        var text = new StringBuilder();
        text.append("""
                # Conformance

                Which tests show what Go's package net promises its users, by the numbers that `@Behaviour` cites, and the
                situations that `@Scenario` cites. Made from the annotations by `mvn -q -Pconformance`, which is also how a
                conflict in this file is resolved; `ConformanceTest` fails when it is stale.

                """);
        List<Row> behaviours = rows.values().stream().filter(Row::isBehaviour).toList();
        text.append("| behaviours | |\n|---|---|\n");
        count(text, "in all", behaviours, row -> true);
        count(text, "with tests", behaviours, row -> row.isTested());
        count(text, "of these, in each way of running", behaviours, row -> !row.everyWay.isEmpty());
        count(text, "with a reason to have none", behaviours, row -> !row.applies());
        text.append("""

                The tests of the third column run three times: over epoll with carriers of Heddle's, over epoll on the JDK's, and
                over NIO. Those of the fourth run once: they need no socket, or pick the way themselves, or are jcstress tests.

                | | behaviour | tests in each way (carriers, jdk, nio) | tests that run once |
                |---|---|---|---|
                """);
        behaviours.forEach(row -> text.append(row.line()).append('\n'));
        text.append("""

                | | situation | tests in each way (carriers, jdk, nio) | tests that run once |
                |---|---|---|---|
                """);
        rows.values().stream()
                .filter(row -> !row.isBehaviour())
                .forEach(row -> text.append(row.line()).append('\n'));
        return text.toString();
    }

    private static void count(StringBuilder text, String what, List<Row> rows, Predicate<Row> condition) {
        long n = rows.stream().filter(condition).count();
        text.append("| ").append(what).append(" | ").append(n).append(" |\n");
    }
}
