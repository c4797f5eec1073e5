package heddle.gateway.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A file of the log: its blocks hold messages from number {@code base} on, which is its name. */
record Segment(long base, Path file) {

    private static final Pattern NAME = Pattern.compile("(\\d{20})\\.log");

    /** The segments in {@code folder}, oldest first; none if there is no such folder. */
    static List<Segment> list(Path folder) throws IOException {
        List<Segment> found = new ArrayList<>();
        try (var files = Files.newDirectoryStream(folder, "*.log")) {
            for (Path file : files) {
                var name = NAME.matcher(file.getFileName().toString());
                if (name.matches()) {
                    found.add(new Segment(Long.parseUnsignedLong(name.group(1)), file));
                }
            }
        } catch (NoSuchFileException none) {
            return found;
        }
        found.sort(Comparator.comparingLong(Segment::base));
        return found;
    }

    /** The one that begins with {@code base}, there or not. */
    static Segment at(Path folder, long base) {
        return new Segment(base, folder.resolve("%020d.log".formatted(base)));
    }

    /** Of {@code segments}, oldest first, the last that begins at {@code number} or before; null if there is none. */
    static @Nullable Segment holding(List<Segment> segments, long number) {
        Segment holding = null;
        for (var segment : segments) {
            if (segment.base <= number) {
                holding = segment;
            }
        }
        return holding;
    }

    /** Of {@code segments}, oldest first, the first that begins behind {@code base}; null if there is none. */
    static @Nullable Segment after(List<Segment> segments, long base) {
        for (var segment : segments) {
            if (segment.base > base) {
                return segment;
            }
        }
        return null;
    }

    /** Where its {@link SegmentIndex} is. */
    Path index() {
        return file.resolveSibling("%020d.index".formatted(base));
    }
}
