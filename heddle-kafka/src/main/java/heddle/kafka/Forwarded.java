package heddle.kafka;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * How far a store has been forwarded: a file in its data folder, three lines of text, replaced as a whole.
 *
 * <pre>
 * store 6f1c0a52-1d7b-4f0e-9a39-6c1f8a9f5d11
 * topic messages
 * number 4711
 * </pre>
 *
 * <p>The number is behind what Kafka has confirmed, never ahead of it. One thread at a time.
 */
final class Forwarded {

    static final String FILE = "forwarded";

    private final Path folder;
    private final String store;
    private final String topic;
    private long number;

    private Forwarded(Path folder, String store, String topic, long number) {
        this.folder = folder;
        this.store = store;
        this.topic = topic;
        this.number = number;
    }

    /**
     * Reads the file; without one nothing has been forwarded yet.
     *
     * @throws IOException it cannot be read, or says that the store goes to another topic
     */
    static Forwarded read(Path folder, String topic) throws IOException {
        var file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return new Forwarded(folder, UUID.randomUUID().toString(), topic, 0);
        }
        var lines = Files.readAllLines(file);
        if (lines.size() < 3
                || !lines.get(0).startsWith("store ")
                || !lines.get(1).startsWith("topic ")
                || !lines.get(2).matches("number \\d{1,18}")) {
            throw new IOException(file + ": is not what says how far the store has been forwarded");
        }
        var said = lines.get(1).substring("topic ".length());
        if (!said.equals(topic)) {
            throw new IOException(file + ": the store goes to topic " + said
                    + "; remove the file to forward all that it has to " + topic + " too");
        }
        return new Forwarded(
                folder,
                lines.get(0).substring("store ".length()),
                topic,
                Long.parseLong(lines.get(2).substring("number ".length())));
    }

    /** What tells this store from others, for ever. */
    String store() {
        return store;
    }

    /** The highest number that is known to be forwarded, it and all below. */
    long number() {
        return number;
    }

    /** Keeps a higher number; returns when it is on the disk. */
    void moveTo(long higher) throws IOException {
        var fresh = folder.resolve(FILE + ".new");
        byte[] text = "store %s%ntopic %s%nnumber %d%n"
                .formatted(store, topic, higher)
                .getBytes(StandardCharsets.UTF_8);
        try (var channel = FileChannel.open(
                fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            var buffer = ByteBuffer.wrap(text);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
        Files.move(fresh, folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        try (var entries = FileChannel.open(folder, StandardOpenOption.READ)) {
            entries.force(
                    true); // else the name may lead to the older file after a power cut, which is no harm but work
        }
        number = higher;
    }
}
