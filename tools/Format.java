import com.google.googlejavaformat.java.Main;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Checks the form of all Java sources, or gives it to them. The build runs it by the java launcher, in the JDK chosen
 * for the build, as the formatter does not run in Maven's own; once for all modules, as a start of the JVM costs more
 * than a hundred files.
 */
final class Format {
    public static void main(String[] args) throws Exception {
        boolean check = args[0].equals("check");
        List<String> command = new ArrayList<>();
        // Javadoc stays as written: the formatter would fold our state tables and drawings.
        command.addAll(List.of("--aosp", "--skip-javadoc-formatting"));
        command.addAll(
                check ? List.of("--dry-run", "--set-exit-if-changed") : List.of("--replace"));
        command.addAll(sources(Path.of(args[1])));

        var out = new PrintWriter(System.out, true);
        var err = new PrintWriter(System.err, true);
        int exit =
                new Main(out, err, InputStream.nullInputStream())
                        .format(command.toArray(String[]::new));
        if (check && exit != 0) {
            err.println("The files above are not formatted. To format them: mvn -q -Pformat");
        }
        System.exit(exit);
    }

    private static List<String> sources(Path root) throws IOException {
        List<String> found = new ArrayList<>();
        try (Stream<Path> modules = Files.list(root)) {
            for (Path module : modules.sorted().toList()) {
                Path source = module.endsWith("tools") ? module : module.resolve("src");
                if (Files.isDirectory(source)) {
                    try (Stream<Path> files = Files.walk(source)) {
                        files.map(Path::toString)
                                .filter(f -> f.endsWith(".java"))
                                .sorted()
                                .forEach(found::add);
                    }
                }
            }
        }
        return found;
    }
}
