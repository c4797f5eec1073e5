import com.palantir.javaformat.java.Main;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Checks the form of all Java sources, or gives it to them. The build runs it by the java launcher, in the JDK chosen
 * for the build, as the formatter does not run in Maven's own; once for all modules, as a start of the JVM costs more
 * than a hundred files. What it has seen in its form is not looked at again until it, the formatter or the JDK changes.
 */
final class Format {

    private static final int COLUMNS = 120;

    /** The beginning of a line that is nothing but comment. */
    private static final Pattern COMMENT = Pattern.compile("\\s*(//|/\\*|\\* )");

    /** Beside the formatter's jars, and gone with them: a hash of each file that has its form, a line each. */
    private static final Path SEEN = Path.of("target", "format", "seen");

    public static void main(String[] args) throws Exception {
        boolean check = args[0].equals("check");
        Set<String> seen = Files.exists(SEEN) ? new HashSet<>(Files.readAllLines(SEEN)) : Set.of();
        List<String> all = sources(Path.of(args[1]));
        List<String> unknown = new ArrayList<>();
        for (String file : all) {
            if (!seen.contains(hash(file))) {
                unknown.add(file);
            }
        }
        int exit = unknown.isEmpty() ? 0 : format(check, unknown);
        if (exit == 0) {
            List<String> hashes = new ArrayList<>();
            for (String file : all) {
                hashes.add(hash(file));
            }
            Files.write(SEEN, hashes);
        }
        System.exit(exit);
    }

    /** Of a file's bytes, and of what decides about their form besides. */
    private static String hash(String file) throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(System.getProperty("java.class.path").getBytes());
        digest.update(System.getProperty("java.version").getBytes());
        digest.update(Files.readAllBytes(Path.of("tools", "Format.java")));
        return HexFormat.of().formatHex(digest.digest(Files.readAllBytes(Path.of(file))));
    }

    private static int format(boolean check, List<String> files) throws Exception {
        List<String> command = new ArrayList<>();
        // Neither Javadoc nor text is folded: there are state tables, drawings and messages in them.
        command.addAll(List.of("--palantir", "--skip-reflowing-long-strings"));
        command.addAll(check ? List.of("--dry-run", "--set-exit-if-changed") : List.of("--replace"));
        command.addAll(files);

        var out = new PrintWriter(System.out, true);
        var err = new PrintWriter(System.err, true);
        int exit = new Main(out, err, InputStream.nullInputStream()).format(command.toArray(String[]::new));
        if (check && exit != 0) {
            err.println("The files above are not formatted. To format them: mvn -q -Pformat");
        }
        List<String> wide = wideComments(files);
        if (!wide.isEmpty()) {
            wide.forEach(err::println);
            err.println("The comments above are wider than " + COLUMNS + " columns. Break them by hand.");
        }
        return wide.isEmpty() ? exit : 1;
    }

    /** Comments have the width of code, which the formatter sees to only there. */
    private static List<String> wideComments(List<String> files) throws IOException {
        List<String> wide = new ArrayList<>();
        for (String file : files) {
            int number = 0;
            for (String line : Files.readAllLines(Path.of(file))) {
                number++;
                if (line.length() > COLUMNS && COMMENT.matcher(line).lookingAt()) {
                    wide.add(file + ":" + number);
                }
            }
        }
        return wide;
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
