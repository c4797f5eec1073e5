package heddle;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.reflect.AccessFlag;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the class files and says where the code leaves the house's walls: an import that points
 * upwards, the kernel or the JDK's inside met outside their rooms, a monitor.
 *
 * <p>The packages of {@code heddle.wrong} break each rule once, on purpose: a rule that sees nothing
 * there fails its test.
 */
class PackageDirectionTest {
    /**
     * What a package may import of ours besides itself; what those may import, it may too. A package
     * that is missing here fails: its place in the house is yet to be decided.
     */
    private static final Map<String, Set<String>> FLOORS =
            Map.ofEntries(
                    Map.entry("adapter", Set.of("net")),
                    Map.entry("net", Set.of("internal.fd", "internal")),
                    Map.entry("internal.fd", Set.of("internal.poll", "internal.sys", "internal")),
                    // The scheduler does not know the poller: the poller implements its IdlePoll.
                    Map.entry(
                            "internal.poll",
                            Set.of("internal.sched", "internal.sys", "internal.trace")),
                    Map.entry("internal.poll.epoll", Set.of("internal.poll", "internal.sys.linux")),
                    Map.entry("internal.poll.nio", Set.of("internal.poll", "internal.sys.nio")),
                    Map.entry("internal.sched", Set.of("internal.jdk", "internal.trace")),
                    Map.entry("internal.sys.linux", Set.of("internal.sys")),
                    Map.entry("internal.sys.nio", Set.of("internal.sys")),
                    Map.entry("internal.sys", Set.of()),
                    Map.entry("internal.jdk", Set.of()),
                    Map.entry("internal.trace", Set.of("internal.jdk", "time")),
                    Map.entry("time", Set.of()));

    /** only Platform and Settings live here. It wires all floors, so it is no way for one to reach another. */
    private static final String WIRING = "internal";

    private static final Set<String> NATIVE_ROOMS =
            Set.of("internal.sys.linux", "internal.poll.epoll");

    private static final Set<String> NATIVE_CALLS =
            Set.of(
                    "java.lang.foreign.Linker",
                    "java.lang.foreign.Linker$Option",
                    "java.lang.foreign.SymbolLookup",
                    "java.lang.foreign.FunctionDescriptor");

    private static final String JDK_ROOM = "internal.jdk";

    private static final Set<String> REFLECTION_BY_NAME =
            Set.of(
                    "java.lang.Class.forName",
                    "java.lang.Class.getDeclaredConstructor",
                    "java.lang.Class.getDeclaredConstructors",
                    "java.lang.Class.getDeclaredField",
                    "java.lang.Class.getDeclaredFields",
                    "java.lang.Class.getDeclaredMethod",
                    "java.lang.Class.getDeclaredMethods",
                    "java.lang.invoke.MethodHandles.privateLookupIn");

    private static final Set<String> MONITOR_METHODS =
            Set.of(
                    "java.lang.Object.wait",
                    "java.lang.Object.notify",
                    "java.lang.Object.notifyAll");

    private final House house =
            new House("heddle", new ImportOption.DoNotIncludeTests(), "heddle.wrong.");

    private final House wrong = new House("heddle.wrong", location -> true, "none");

    @Test
    void importsPointDownwards() {
        assertThat(house.classes).isNotEmpty();
        assertThat(house.upwardImports()).isEmpty();
        assertThat(wrong.upwardImports())
                .anyMatch(v -> v.contains("sched.KnowsThePoller") && v.contains("poll.Monitors"))
                .anyMatch(v -> v.contains("internal.NoWiring"))
                .anyMatch(v -> v.contains("unheard.NoFloor") && v.contains("FLOORS"))
                .noneMatch(v -> v.contains("LooksDown"));
    }

    @Test
    void onlyTheKernelsRoomCallsNatively() {
        assertThat(house.nativeCalls()).isEmpty();
        assertThat(wrong.nativeCalls()).anyMatch(v -> v.contains("fd.CallsNatively"));
    }

    @Test
    void onlyTheJdksRoomReflects() {
        assertThat(house.reflection()).isEmpty();
        assertThat(wrong.reflection())
                .anyMatch(v -> v.contains("net.Reflects") && v.contains("java.lang.reflect.Method"))
                .anyMatch(v -> v.contains("net.Reflects") && v.contains("privateLookupIn"));
    }

    @Test
    void nobodyUsesMonitors() throws IOException {
        assertThat(house.monitors()).isEmpty();
        assertThat(wrong.monitors())
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
            classes =
                    imported.stream()
                            .filter(c -> c.getName().startsWith(prefix))
                            .filter(c -> !c.getName().startsWith(exceptPrefix))
                            .toList();
        }

        List<String> upwardImports() {
            List<String> found = new ArrayList<>();
            for (JavaClass from : classes) {
                String floor = floorOf(from);
                if (floor.equals(WIRING)) {
                    if (!from.getName().matches(".*\\.(Platform|Settings|package-info)(\\$.*)?")) {
                        found.add(
                                from.getName()
                                        + " is not the wiring: only Platform and Settings live"
                                        + " here");
                    }
                    continue;
                }
                if (!FLOORS.containsKey(floor)) {
                    found.add(
                            from.getName() + " is on no floor: give its package a line in FLOORS");
                    continue;
                }
                Set<String> below = below(floor);
                for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
                    JavaClass to = dependency.getTargetClass().getBaseComponentType();
                    if (to.getName().startsWith(prefix) && !below.contains(floorOf(to))) {
                        found.add(dependency.getDescription());
                    }
                }
            }
            return found;
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
                ClassModel file = ClassFile.of().parse(Path.of(owner.getSource().get().getUri()));
                for (MethodModel method : file.methods()) {
                    String name = owner.getName() + "." + method.methodName().stringValue();
                    if (method.flags().has(AccessFlag.SYNCHRONIZED)) {
                        found.add(name + " is synchronized");
                    }
                    method.code()
                            .filter(c ->
                                    c.elementStream()
                                            .anyMatch(MonitorInstruction.class::isInstance))
                            .ifPresent(_ -> found.add(name + " has a synchronized block"));
                }
            }
            return found;
        }

        private static List<String> accesses(JavaClass from, Set<String> members) {
            List<String> found = new ArrayList<>();
            for (JavaAccess<?> access : from.getAccessesFromSelf()) {
                String member =
                        access.getTargetOwner().getName() + "." + access.getTarget().getName();
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

        /** The floor itself and all it may import, directly or not. */
        private static Set<String> below(String floor) {
            Set<String> all = new HashSet<>();
            List<String> next = new ArrayList<>(List.of(floor));
            while (!next.isEmpty()) {
                String name = next.removeLast();
                if (all.add(name)) {
                    next.addAll(FLOORS.getOrDefault(name, Set.of()));
                }
            }
            return all;
        }
    }
}
