package heddle.gateway;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a data folder has, beside its server or after it. */
final class Stored {

    private Stored() {}

    /** All messages, in their order. */
    static List<byte[]> in(Path folder) throws IOException {
        try (var reader = new StoreReader(folder)) {
            return after(reader);
        }
    }

    /** The same as text. */
    static List<String> texts(Path folder) throws IOException {
        return in(folder).stream()
                .map(message -> new String(message, StandardCharsets.UTF_8))
                .toList();
    }

    /** All that {@code reader} has not read yet. */
    static List<byte[]> after(StoreReader reader) throws IOException {
        List<byte[]> all = new ArrayList<>();
        for (var some = reader.next(); !some.isEmpty(); some = reader.next()) {
            some.forEach(message -> all.add(message.payload()));
        }
        return all;
    }
}
