package heddle.gateway.log;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Where the blocks of a full segment are, each 256 KiB, and what a start and a search by time need to know of it
/// without reading it. Made from the segment, by [Upkeep]; if it is missing or damaged, it is made anew.
///
///      0  8 MAGIC
///      8  8 base of the segment
///     16  8 last number in it
///     24  8 latest time of a commit in it
///     32  8 bytes of the segment's file
///     40  4 n, the number of entries
///     44  4 CRC32C of bytes 0 to 43
///     48  16 n  entries: number of a block's first message, its position
///     48 + 16 n  4 CRC32C of the entries
record SegmentIndex(long base, long last, long millisMax, long fileBytes) {

    private static final long MAGIC = 0x48646c496e647831L;
    private static final int HEADER = 48;
    private static final int ENTRY = 16;
    private static final long STEP = 256 << 10;

    /** Reads all block headers of a segment, and writes its index. */
    static SegmentIndex build(Segment segment, Disk disk) throws IOException {
        var entries = new ByteArrayOutputStream();
        long last = segment.base() - 1;
        long millisMax = Long.MIN_VALUE;
        long size;
        try (var cursor = new Cursor(segment.file(), segment.base());
                var out = new DataOutputStream(entries)) {
            size = cursor.size();
            long indexed = -STEP;
            for (var block = cursor.find(); block != null; block = cursor.find()) {
                if (block.kind() == Block.KIND_COMMIT) {
                    last = Math.max(last, block.last());
                    millisMax = Math.max(millisMax, block.millis());
                    if (block.start() - indexed >= STEP) {
                        indexed = block.start();
                        out.writeLong(block.first());
                        out.writeLong(block.start());
                    }
                }
                cursor.skip(block);
            }
        }
        var index = new SegmentIndex(segment.base(), last, millisMax, size);
        index.write(segment, entries.toByteArray(), disk);
        return index;
    }

    /** Writes it without entries: a search begins at the head of the segment. */
    void write(Segment segment, Disk disk) throws IOException {
        write(segment, new byte[0], disk);
    }

    private void write(Segment segment, byte[] entries, Disk disk) throws IOException {
        var bytes = ByteBuffer.allocate(HEADER + entries.length + 4);
        bytes.putLong(MAGIC).putLong(base).putLong(last).putLong(millisMax).putLong(fileBytes);
        bytes.putInt(entries.length / ENTRY).putInt(crc(bytes.array(), 0, HEADER - 4));
        bytes.put(entries).putInt(crc(bytes.array(), HEADER, entries.length));
        Path temporary = segment.index().resolveSibling("index.tmp");
        disk.delete(temporary);
        try (var file = disk.create(temporary)) {
            Whole.write(file, bytes.flip(), 0);
            file.force(true); // before it has its name, so that under that it is whole
        } catch (IOException e) {
            disk.delete(temporary);
            throw e;
        }
        disk.rename(temporary, segment.index());
    }

    private static int crc(byte[] bytes, int from, int count) {
        var crc = new CRC32C();
        crc.update(bytes, from, count);
        return (int) crc.getValue();
    }

    /** What a segment's index says of it; null if there is none, it is damaged, or of another size of the segment. */
    static @Nullable SegmentIndex of(Segment segment) throws IOException {
        try (var file = FileChannel.open(segment.index(), StandardOpenOption.READ)) {
            var bytes = ByteBuffer.allocate(HEADER);
            if (!Whole.read(file, bytes, 0)
                    || bytes.getLong(0) != MAGIC
                    || bytes.getInt(HEADER - 4) != crc(bytes.array(), 0, HEADER - 4)
                    || bytes.getLong(8) != segment.base()
                    || bytes.getLong(32) != Files.size(segment.file())) {
                return null;
            }
            return new SegmentIndex(segment.base(), bytes.getLong(16), bytes.getLong(24), bytes.getLong(32));
        } catch (NoSuchFileException none) {
            return null;
        }
    }

    /** Where in the segment to look for {@code number}: a block's position, 0 without an index. */
    static long position(Segment segment, long number) throws IOException {
        if (of(segment) == null) {
            return 0;
        }
        byte[] bytes = Files.readAllBytes(segment.index());
        int entries = bytes.length - HEADER - 4;
        var buffer = ByteBuffer.wrap(bytes);
        if (!isWhole(bytes)) {
            return 0;
        }
        long position = 0;
        for (int at = HEADER; at < HEADER + entries && buffer.getLong(at) <= number; at += ENTRY) {
            position = buffer.getLong(at + 8);
        }
        return position;
    }

    private static boolean isWhole(byte[] bytes) {
        int entries = bytes.length - HEADER - 4;
        var buffer = ByteBuffer.wrap(bytes);
        return entries >= 0
                && entries == (long) ENTRY * buffer.getInt(40)
                && buffer.getInt(bytes.length - 4) == crc(bytes, HEADER, entries);
    }

    /** Whether the index of a segment, if there is one, is as it was written, and of this segment. */
    static boolean isWhole(Segment segment) throws IOException {
        return !Files.exists(segment.index()) || (of(segment) != null && isWhole(Files.readAllBytes(segment.index())));
    }
}
