package heddle.lab;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A network namespace that loses packets, with a process of its own in it; network_namespaces(7), nft(8). It ends with
 * that process, as nothing else holds it, so there is nothing to remove.
 */
final class Namespace {

    /** Drops each SYN to one port, and the first, third, fifth to the other. */
    private static final String RULES = """
            ip link set lo up &&
            nft add table inet lab &&
            nft add chain inet lab in '{ type filter hook input priority 0; }' &&
            nft add rule inet lab in tcp dport %d tcp flags \\& '(syn|ack)' == syn drop &&
            nft add rule inet lab in tcp dport %d tcp flags \\& '(syn|ack)' == syn numgen inc mod 2 == 0 drop &&
            exec "$@"
            """.formatted(SettingUp.SILENT_PORT, SettingUp.LOSSY_PORT);

    private Namespace() {}

    /** Why this process cannot make one, or "". */
    static String missing() {
        if (!isRoot()) {
            return "needs root, for a network that loses packets";
        }
        for (String tool : List.of("unshare", "ip", "nft")) {
            if (!Programs.has(tool)) {
                return "needs " + tool + ", for a network that loses packets";
            }
        }
        return "";
    }

    private static boolean isRoot() {
        try {
            return Files.readString(Path.of("/proc/self/status")).contains("\nUid:\t0\t");
        } catch (IOException notLinux) {
            return false;
        }
    }

    /** {@code command}, in a new namespace. */
    static List<String> around(List<String> command) {
        List<String> all = new ArrayList<>(List.of("unshare", "--net", "sh", "-c", RULES, "lab"));
        all.addAll(command);
        return all;
    }

    /** Plays {@code situation} in a process like this one, in a new namespace. */
    static Player.Played play(Situation situation, Progress progress) throws IOException, InterruptedException {
        return Programs.play(around(self(situation)), progress, new Trace(), TraceLines.Watcher.NONE);
    }

    /** This program once more, with what it may do and its way of running. */
    private static List<String> self(Situation situation) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (flag.startsWith("--enable-native-access")
                    || flag.startsWith("--add-opens")
                    || flag.startsWith("-Dheddle.")) {
                command.add(flag);
            }
        }
        String mode = System.getProperty("heddle.way");
        if (mode != null) {
            command.add("-Dheddle.way=" + mode);
        }
        String main = "heddle.cli.Main";
        String modules = System.getProperty("jdk.module.path");
        if (System.getProperty("jdk.module.main") != null && modules != null) {
            command.addAll(List.of("--module-path", modules, "--module", "heddle.cli/" + main));
        } else {
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        }
        command.addAll(List.of("lab", "run", "--trace", situation.id()));
        return command;
    }
}
