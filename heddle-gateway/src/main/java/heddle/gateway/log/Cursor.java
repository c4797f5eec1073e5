package heddle.gateway.log;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Reads the blocks of one segment, one after the other, and in each its records; goes on behind whatever is damaged.
/// One thread. What is damaged shows by its numbers: the next block or record has a higher one than it should.
///
/// A file that is cut off counts as zeros from there on.
final class Cursor implements Closeable {

    private static final int WINDOW = 256 << 10;

    private static final byte[] ZEROS = new byte[WINDOW];

    /** A record of this file. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Entry(long number, int name, long clientSequence, byte[] payload) {}

    /** A name of a block. */
    record Name(String name, long highest) {}

    private final FileChannel channel;
    private final long base;
    private final long size;
    private final CRC32C crc = new CRC32C();

    /** What was read last, at windowStart; its position is 0, its limit how much. */
    private final ByteBuffer window = ByteBuffer.allocateDirect(WINDOW).limit(0);

    private long windowStart;

    /** Of the segment, once a block told it. */
    private long salt;

    private boolean salted;

    /** Where the next block is looked for. */
    private long position;

    // Of the block that was entered.
    private @Nullable Block block;
    private long recordAt;
    private int recordIndex;
    private Name @Nullable [] names;

    Cursor(Path file, long base) throws IOException {
        this.channel = FileChannel.open(file, StandardOpenOption.READ);
        this.base = base;
        this.size = channel.size();
    }

    long base() {
        return base;
    }

    /** Of the file, when it was opened. */
    long size() {
        return size;
    }

    /** Where the next block is looked for, or the next record of the one that was entered. */
    long position() {
        return block == null ? position : recordAt;
    }

    /** Goes on at {@code at}, where a block begins. */
    void seek(long at) {
        position = at;
        block = null;
    }

    /** Forgets what was read ahead: the file may have more by now. */
    void refresh() {
        window.limit(0);
    }

    // ---- Blocks

    /** The block that begins right at the position; null if there is none, or its first header is damaged. */
    @Nullable
    Block here() throws IOException {
        return headAt(position);
    }

    /** The next block at the position or behind it, whatever lies in between; null if there is none. */
    @Nullable
    Block find() throws IOException {
        var found = here();
        if (found != null) {
            return found;
        }
        long at = position;
        while (window(at, Block.HEADER)) {
            int last = window.limit() - Block.HEADER;
            for (int offset = (int) (at - windowStart); offset <= last; offset += 8) {
                int magic = window.getInt(offset);
                if (magic == Block.HEAD) {
                    found = headAt(windowStart + offset);
                } else if (magic == Block.TAIL) {
                    found = tailAt(windowStart + offset);
                }
                if (found != null) {
                    return found;
                }
                at = windowStart + offset + 8;
            }
        }
        return null;
    }

    private @Nullable Block headAt(long at) throws IOException {
        return window(at, Block.HEADER)
                ? checked(Block.get(Block.HEAD, base, at, window, (int) (at - windowStart), crc))
                : null;
    }

    private @Nullable Block tailAt(long at) throws IOException {
        var found = window(at, Block.HEADER)
                ? checked(Block.get(Block.TAIL, base, at, window, (int) (at - windowStart), crc))
                : null;
        return found == null || found.start() < position ? null : found;
    }

    private @Nullable Block checked(@Nullable Block found) {
        if (found == null || (salted && found.salt() != salt) || found.count() < 0 || found.recordsEnd() < 0) {
            return null;
        }
        salted = true;
        salt = found.salt();
        return found;
    }

    /** Whether both headers of {@code found} and both copies of its names are as they were written. */
    boolean isFramed(Block found) throws IOException {
        return found.equals(headAt(found.start()))
                && found.equals(tailAtExactly(found.tail()))
                && namesAt(found, found.start() + Block.HEADER) != null
                && namesAt(found, found.tail() + Block.HEADER) != null;
    }

    /**
     * Whether what fills a block up to multiples of 8 is zero; to be asked when its records were read to the last, as
     * {@link #position} tells where they end.
     */
    boolean isPadded(Block found, long recordsEnd) throws IOException {
        long names = found.start() + Block.HEADER + found.nameBytes();
        long copy = found.tail() + Block.HEADER + found.nameBytes();
        return isZero(names, found.recordsStart()) && isZero(recordsEnd, found.tail()) && isZero(copy, found.end());
    }

    private boolean isZero(long from, long to) throws IOException {
        for (long at = from; at < to; at++) {
            if (!window(at, 1) || window.get((int) (at - windowStart)) != 0) {
                return false;
            }
        }
        return true;
    }

    private @Nullable Block tailAtExactly(long at) throws IOException {
        return window(at, Block.HEADER) ? Block.get(Block.TAIL, base, at, window, (int) (at - windowStart), crc) : null;
    }

    /** Begins to read the records of {@code found}; the next block is looked for behind it. */
    void enter(Block found) throws IOException {
        block = found;
        position = found.end();
        recordAt = found.recordsStart();
        recordIndex = 0;
        names = names(found);
    }

    /** Goes on behind {@code found}. */
    void skip(Block found) {
        block = null;
        position = found.end();
    }

    /** The names of a block; null if both copies are damaged. */
    Name @Nullable [] names(Block found) throws IOException {
        var read = namesAt(found, found.start() + Block.HEADER);
        return read != null ? read : namesAt(found, found.tail() + Block.HEADER);
    }

    private Name @Nullable [] namesAt(Block found, long at) throws IOException {
        if (at + found.nameBytes() > size) {
            return null;
        }
        byte[] bytes = bytes(at, found.nameBytes());
        crc.reset();
        crc.update(bytes);
        if ((int) crc.getValue() != found.nameCrc()) {
            return null;
        }
        var in = ByteBuffer.wrap(bytes);
        var read = new Name[found.nameCount()];
        for (int i = 0; i < read.length; i++) {
            long highest = in.getLong();
            int length = in.getShort() & 0xffff;
            read[i] = new Name(new String(bytes, in.position(), length, StandardCharsets.UTF_8), highest);
            in.position(in.position() + length);
        }
        return read;
    }

    // ---- Records

    /** The block that was entered and not read to its end; null if there is none. */
    @Nullable
    Block entered() {
        return block;
    }

    /** The next record of the block that was entered; null at its end, which leaves it. */
    @Nullable
    Entry next() throws IOException {
        var in = block;
        if (in == null) {
            return null;
        }
        while (recordIndex < in.count()) {
            var entry = entryAt(in, recordAt, in.first() + recordIndex);
            if (entry != null) {
                recordAt += Block.RECORD + entry.payload().length;
                recordIndex++;
                return entry;
            }
            search(in);
        }
        block = null;
        return null;
    }

    /** Goes to the next place that may hold a record of the block, behind the one that is damaged. */
    private void search(Block in) throws IOException {
        for (long at = recordAt + 1; at + Block.RECORD <= in.recordsEnd(); at++) {
            if (!window(at, Block.RECORD)) {
                break;
            }
            int index = window.getInt((int) (at - windowStart) + 8) - (int) in.first();
            // The lengths are damaged at most where the record is: the one behind it is the next, or a later one.
            if (index >= recordIndex && index < in.count() && entryAt(in, at, in.first() + index) != null) {
                recordAt = at;
                recordIndex = index;
                return;
            }
        }
        recordIndex = in.count();
    }

    private @Nullable Entry entryAt(Block in, long at, long number) throws IOException {
        if (at + Block.RECORD > in.recordsEnd() || !window(at, Block.RECORD)) {
            return null;
        }
        int offset = (int) (at - windowStart);
        int length = window.getInt(offset + 4);
        int name = window.getInt(offset + 12);
        if (length < 0
                || at + Block.RECORD + length > Math.min(in.recordsEnd(), size)
                || window.getInt(offset + 8) != (int) number) {
            return null;
        }
        int expected = window.getInt(offset) ^ Block.mask(in.salt(), number);
        long sequence = window.getLong(offset + 16);
        crc.reset();
        crc.update(window.slice(offset + 4, Block.RECORD - 4));
        byte[] payload = bytes(at + Block.RECORD, length);
        crc.update(payload);
        return (int) crc.getValue() == expected ? new Entry(number, name, sequence, payload) : null;
    }

    /** The name of the client that sent {@code entry} of the block; "" if it cannot be read. */
    String client(Entry entry) {
        return names != null && entry.name() >= 0 && entry.name() < names.length ? names[entry.name()].name() : "";
    }

    // ---- Bytes

    /** Where the first byte from {@code at} on is that is not zero; -1 if there is none. */
    long firstNonZero(long at) throws IOException {
        for (long p = at; p < size; p += WINDOW) {
            refresh();
            window(p, 1);
            int clean = ByteBuffer.wrap(ZEROS, 0, window.limit()).mismatch(window);
            if (clean >= 0) {
                return p + clean;
            }
        }
        return -1;
    }

    /** Where the last byte from {@code at} on that is not zero ends; {@code at} if there is none. */
    long endOfNonZero(long at) throws IOException {
        long end = at;
        for (long p = at; p < size; p += WINDOW) {
            refresh();
            window(p, 1);
            if (ByteBuffer.wrap(ZEROS, 0, window.limit()).mismatch(window) >= 0) {
                int last = window.limit() - 1;
                while (window.get(last) == 0) {
                    last--;
                }
                end = p + last + 1;
            }
        }
        return end;
    }

    /** Makes bytes {@code at} to {@code at + count} readable in the window. False if the file has fewer. */
    private boolean window(long at, int count) throws IOException {
        if (at >= windowStart && at + count <= windowStart + window.limit()) {
            return true;
        }
        if (at + count > size) {
            return false;
        }
        window.clear();
        windowStart = at;
        boolean _ = Whole.read(channel, window, at); // or up to the end of the file
        window.flip();
        return window.limit() >= count;
    }

    private byte[] bytes(long at, int count) throws IOException {
        var bytes = new byte[count];
        if (count <= WINDOW && window(at, count)) {
            window.get((int) (at - windowStart), bytes, 0, count);
            return bytes;
        }
        if (!Whole.read(channel, ByteBuffer.wrap(bytes), at)) {
            throw new EOFException("the file has become shorter");
        }
        return bytes;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
