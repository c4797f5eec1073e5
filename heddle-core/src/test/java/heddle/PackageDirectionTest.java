package heddle;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import heddle.testing.Conformance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Reads the class files and says where the code leaves the house's walls: an import that points
 * upwards, the kernel or the JDK's inside met outside their rooms, a monitor.
 *
 * <p>The packages of {@code heddle.wrong} break each rule once, on purpose: a rule that sees nothing
 * there fails its test.
 */
class PackageDirectionTest {
    /** A line of the drawing: package, imports, what it is; in columns two spaces apart. */
    private static final Pattern FLOOR = Pattern.compile("(?m)^    ([a-z.]+) {2,}(\\*|-|[a-z. ]+?) {2,}\\S.*$");

    /** Of the package that wires all floors: it may import each, so it must be no way for one to reach another. */
    private static final String WIRING = "internal";

    /** What lives there. */
    private static final String WIRES = ".*\\.(Platform|Settings|Life|ConnectEvent|package-info)(\\$.*)?";

    /** As docs/architecture.md draws it, from the top down: what each package imports of ours, besides itself. */
    private static final Map<String, Set<String>> FLOORS = drawn();

    private static Map<String, Set<String>> drawn() {
        String page;
        try {
            page = Files.readString(Conformance.root().resolve("docs/architecture.md"));
        } catch (IOException missing) {
            throw new UncheckedIOException(missing);
        }
        Map<String, Set<String>> floors = new LinkedHashMap<>();
        Matcher line = FLOOR.matcher(page);
        while (line.find()) {
            Set<String> imports = new TreeSet<>();
            for (String name : line.group(2).split(" ", -1)) {
                if (!name.equals("-")) {
                    imports.add(packageOf(name));
                }
            }
            floors.put(packageOf(line.group(1)), imports);
        }
        return floors;
    }

    private static String packageOf(String drawn) {
        return switch (drawn) {
            case "net", "time", "*" -> drawn;
            case "runtime" -> WIRING;
            default -> "internal." + drawn;
        };
    }

    private static final Set<String> NATIVE_ROOMS = Set.of("internal.sys.linux", "internal.poll.epoll");

    private static final Set<String> NATIVE_CALLS = Set.of(
            "java.lang.foreign.Linker",
            "java.lang.foreign.Linker$Option",
            "java.lang.foreign.SymbolLookup",
            "java.lang.foreign.FunctionDescriptor");

    private static final String JDK_ROOM = "internal.jdk";

    private static final Set<String> REFLECTION_BY_NAME = Set.of(
            "java.lang.Class.forName",
            "java.lang.Class.getDeclaredConstructor",
            "java.lang.Class.getDeclaredConstructors",
            "java.lang.Class.getDeclaredField",
            "java.lang.Class.getDeclaredFields",
            "java.lang.Class.getDeclaredMethod",
            "java.lang.Class.getDeclaredMethods",
            "java.lang.invoke.MethodHandles.privateLookupIn");

    private static final Set<String> MONITOR_METHODS =
            Set.of("java.lang.Object.wait", "java.lang.Object.notify", "java.lang.Object.notifyAll");

    private static final House HOUSE = new House("heddle", new ImportOption.DoNotIncludeTests(), "heddle.wrong.");

    private static final House WRONG = new House("heddle.wrong", location -> true, "none");

    @Test
    void importsPointDownwards() {
        assertThat(HOUSE.classes).isNotEmpty();
        assertThat(HOUSE.upwardImports()).isEmpty();
        assertThat(WRONG.upwardImports())
                .anyMatch(v -> v.contains("sched.KnowsThePoller") && v.contains("poll.Monitors"))
                .anyMatch(v -> v.contains("net.SkipsAFloor") && v.contains("poll.Monitors"))
                .anyMatch(v -> v.contains("internal.NoWiring"))
                .anyMatch(v -> v.contains("unheard.NoFloor") && v.contains("architecture.md"))
                .noneMatch(v -> v.contains("LooksDown"));
    }

    @Test
    void drawingPointsDownwards() {
        assertThat(FLOORS).containsKeys("net", WIRING, "internal.fd", "time");
        Set<String> below = new HashSet<>(FLOORS.keySet());
        FLOORS.forEach((floor, imports) -> {
            below.remove(floor);
            if (!floor.equals(WIRING)) {
                assertThat(below).as(floor).containsAll(imports);
            }
        });
    }

    @Test
    void eachDrawnImportIsThere() throws IOException {
        Map<String, Set<String>> seen = HOUSE.imports();
        addSources(seen);
        FLOORS.forEach((floor, imports) -> {
            if (!floor.equals(WIRING)) {
                assertThat(seen.get(floor)).as(floor).isEqualTo(imports);
            }
        });
    }

    /** A slot knows nobody, a poller what it watches, a registration both: docs of the package {@code poll}. */
    @Test
    void arrowsWithinPollPointOneWay() {
        assertThat(HOUSE.roundabouts("internal.poll")).isEmpty();
        assertThat(WRONG.roundabouts("internal.poll")).anyMatch(v -> v.contains("Hen") && v.contains("Egg"));
    }

    /** Class files do not tell of constants, which the compiler copies. */
    private static void addSources(Map<String, Set<String>> imports) throws IOException {
        Path sources = Conformance.root().resolve("heddle-core/src/main/java/heddle");
        Pattern imported = Pattern.compile("(?m)^import (?:static )?heddle\\.([a-z.]+)\\.[A-Z]");
        try (Stream<Path> files = Files.walk(sources)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                String floor = sources.relativize(file.getParent())
                        .toString()
                        .replace(file.getFileSystem().getSeparator(), ".");
                Matcher line = imported.matcher(Files.readString(file));
                while (line.find()) {
                    imports.computeIfAbsent(floor, _ -> new TreeSet<>()).add(line.group(1));
                }
            }
        }
    }

    @Test
    void onlyTheKernelsRoomCallsNatively() {
        assertThat(HOUSE.nativeCalls()).isEmpty();
        assertThat(WRONG.nativeCalls()).anyMatch(v -> v.contains("fd.CallsNatively"));
    }

    @Test
    void onlyTheJdksRoomReflects() {
        assertThat(HOUSE.reflection()).isEmpty();
        assertThat(WRONG.reflection())
                .anyMatch(v -> v.contains("net.Reflects") && v.contains("java.lang.reflect.Method"))
                .anyMatch(v -> v.contains("net.Reflects") && v.contains("privateLookupIn"));
    }

    @Test
    void nobodyUsesMonitors() throws IOException {
        assertThat(HOUSE.monitors()).isEmpty();
        assertThat(WRONG.monitors())
                .anyMatch(v -> v.contains("poll.Monitors.synchronizedMethod"))
                .anyMatch(v -> v.contains("poll.Monitors.synchronizedBlock"))
                .anyMatch(v -> v.contains("poll.Monitors.waits") && v.contains("Object.wait"))
                .anyMatch(v -> v.contains("poll.Monitors.lambda"));
    }

    /** The classes under one root package, and what is wrong with them, a line each. */
    private static final class House {
        private final String prefix;
        private final List<JavaClass> classes;

        House(String root, ImportOption option, String exceptPrefix) {
            prefix = root + ".";
            JavaClasses imported =
                    new ClassFileImporter().withImportOption(option).importPackages(root);
            classes = imported.stream()
                    .filter(c -> c.getName().startsWith(prefix))
                    .filter(c -> !c.getName().startsWith(exceptPrefix))
                    .toList();
        }

        /** What each package imports of ours, besides itself. */
        Map<String, Set<String>> imports() {
            Map<String, Set<String>> imports = new HashMap<>();
            for (JavaClass from : classes) {
                Set<String> seen = imports.computeIfAbsent(floorOf(from), _ -> new TreeSet<>());
                for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
                    JavaClass to = dependency.getTargetClass().getBaseComponentType();
                    if (to.getName().startsWith(prefix) && !floorOf(to).equals(floorOf(from))) {
                        seen.add(floorOf(to));
                    }
                }
            }
            return imports;
        }

        List<String> upwardImports() {
            List<String> found = new ArrayList<>();
            for (JavaClass from : classes) {
                String floor = floorOf(from);
                if (floor.equals(WIRING)) {
                    if (!from.getName().matches(WIRES)) {
                        found.add(from.getName() + " is not the wiring: it matches not " + WIRES);
                    }
                    continue;
                }
                Set<String> below = FLOORS.get(floor);
                if (below == null) {
                    found.add(from.getName() + " is on no floor: draw its package in docs/architecture.md");
                    continue;
                }
                for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
                    JavaClass to = dependency.getTargetClass().getBaseComponentType();
                    String other = floorOf(to);
                    if (to.getName().startsWith(prefix) && !other.equals(floor) && !below.contains(other)) {
                        found.add(dependency.getDescription());
                    }
                }
            }
            return found;
        }

        /** The classes of one package that reach themselves, each with the way. */
        List<String> roundabouts(String floor) {
            Map<String, Set<String>> arrows = new TreeMap<>();
            for (JavaClass from : classes) {
                for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
                    JavaClass to = dependency.getTargetClass().getBaseComponentType();
                    if (floorOf(from).equals(floor)
                            && floorOf(to).equals(floor)
                            && !outermost(from).equals(outermost(to))) {
                        arrows.computeIfAbsent(outermost(from), _ -> new TreeSet<>())
                                .add(outermost(to));
                    }
                }
            }
            List<String> found = new ArrayList<>();
            arrows.keySet().forEach(start -> follow(arrows, List.of(start), new HashSet<>(), found));
            return found;
        }

        private static void follow(
                Map<String, Set<String>> arrows, List<String> way, Set<String> seen, List<String> found) {
            for (String next : arrows.getOrDefault(way.getLast(), Set.of())) {
                List<String> further = new ArrayList<>(way);
                further.add(next);
                if (next.equals(way.getFirst())) {
                    found.add(String.join(" -> ", further));
                } else if (seen.add(next)) {
                    follow(arrows, further, seen, found);
                }
            }
        }

        private static String outermost(JavaClass type) {
            return type.getName().substring(type.getPackageName().length() + 1).split("\\$", 2)[0];
        }

        List<String> nativeCalls() {
            List<String> found = new ArrayList<>();
            for (JavaClass from : classes) {
                if (NATIVE_ROOMS.contains(floorOf(from))) {
                    continue;
                }
                for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
                    if (NATIVE_CALLS.contains(dependency.getTargetClass().getName())) {
                        found.add(dependency.getDescription());
                    }
                }
            }
            return found;
        }

        List<String> reflection() {
            List<String> found = new ArrayList<>();
            for (JavaClass from : classes) {
                if (floorOf(from).equals(JDK_ROOM)) {
                    continue;
                }
                for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
                    if (dependency.getTargetClass().getPackageName().equals("java.lang.reflect")) {
                        found.add(dependency.getDescription());
                    }
                }
                found.addAll(accesses(from, REFLECTION_BY_NAME));
            }
            return found;
        }

        List<String> monitors() throws IOException {
            List<String> found = new ArrayList<>();
            for (JavaClass owner : classes) {
                found.addAll(accesses(owner, MONITOR_METHODS));
                // ArchUnit shows no instructions, so the blocks are read from the class file.
                ClassModel file =
                        ClassFile.of().parse(Path.of(owner.getSource().get().getUri()));
                for (MethodModel method : file.methods()) {
                    String name = owner.getName() + "." + method.methodName().stringValue();
                    if (method.flags().has(AccessFlag.SYNCHRONIZED)) {
                        found.add(name + " is synchronized");
                    }
                    method.code()
                            .filter(c -> c.elementStream().anyMatch(MonitorInstruction.class::isInstance))
                            .ifPresent(_ -> found.add(name + " has a synchronized block"));
                }
            }
            return found;
        }

        private static List<String> accesses(JavaClass from, Set<String> members) {
            List<String> found = new ArrayList<>();
            for (JavaAccess<?> access : from.getAccessesFromSelf()) {
                String member = access.getTargetOwner().getName() + "."
                        + access.getTarget().getName();
                if (members.contains(member)) {
                    found.add(access.getDescription());
                }
            }
            return found;
        }

        private String floorOf(JavaClass type) {
            String name = type.getPackageName();
            return name.startsWith(prefix) ? name.substring(prefix.length()) : "";
        }
    }
}
