package heddle.gateway.log;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// One commit in a segment, or the names at its head. All integers are big-endian. A block begins at a multiple of 8.
///
///     +--------+---------+---------------------+--------+---------+
///     | header | names   | records             | header | names   |   the second header and names are copies
///     | 64     | n, to 8 | r, to 8             | 64     | n, to 8 |
///     +--------+---------+---------------------+--------+---------+
///
///     header   0  4 magic: HEAD before the records, TAIL behind them
///              4  1 version: 1
///              5  1 kind: 1 names, 2 commit
///              6  2 zero
///              8  4 length of the block, in units of 8 bytes
///             12  4 number of records
///             16  8 salt: random, one for each segment
///             24  8 number of the first message
///             32  8 highest number that had been synced when this was written
///             40  8 time of the commit, Unix time in ms
///             48  4 number of names
///             52  4 bytes of names
///             56  4 CRC32C of the names
///             60  4 CRC32C of bytes 0 to 59, then of the segment's base and the block's position, 8 bytes each
///
///     name     0  8 highest number of this client so far; in a commit 0 if it has no numbered message in it
///              8  2 n, the length of the name
///             10  n UTF-8
///
///     record   0  4 CRC32C of bytes 4 to the end, xor a mask of salt and number
///              4  4 n, the length of the payload
///              8  4 number, its lower half
///             12  4 which of the names is the client's
///             16  8 number among the client's; 0 if it has none
///             24  n payload
///
/// 1. A flipped bit in a record costs that one: the next is found by its own CRC and number. A flipped bit in a header
/// or
///    in the names costs nothing, as the copy tells the same.
/// 2. Bytes of another place or time are no block: position, base and salt are in the CRCs. The salt is random, so no
///    client can send a payload that is taken for a record of another message.
/// 3. Whether a commit at the end was cut off or damaged later is told by the mark, or by a later header that says
///    that it had been synced.
record Block(
        long start,
        long length,
        int kind,
        int count,
        long salt,
        long first,
        long synced,
        long millis,
        int nameCount,
        int nameBytes,
        int nameCrc) {

    static final int HEADER = 64;
    static final int RECORD = 24;

    /** Highest, and the length of the name. */
    static final int NAME = 10;

    static final int NAME_BYTES_MAX = 0xffff;

    static final int HEAD = 0x48646c42;
    static final int TAIL = 0x48646c45;
    static final byte VERSION = 1;

    static final int KIND_NAMES = 1;
    static final int KIND_COMMIT = 2;

    private static final int CRC = 60;

    static long padded(long bytes) {
        return (bytes + 7) & ~7L;
    }

    /** The size of a block with so much in it. */
    static long length(long nameBytes, long recordBytes) {
        return 2 * (HEADER + padded(nameBytes)) + padded(recordBytes);
    }

    long end() {
        return start + length;
    }

    /** The last message's number; one below the first if there is none. */
    long last() {
        return first + count - 1;
    }

    long recordsStart() {
        return start + HEADER + padded(nameBytes);
    }

    long recordsEnd() {
        return tail();
    }

    /** Where the second header is. */
    long tail() {
        return end() - HEADER - padded(nameBytes);
    }

    /** What ties a record's CRC to its segment and number; the steps are those of SplitMix64. */
    static int mask(long salt, long number) {
        long mixed = salt + number * 0x9e3779b97f4a7c15L;
        mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return (int) ((mixed ^ (mixed >>> 31)) >>> 32);
    }

    /** Writes a header, {@link #HEAD} or {@link #TAIL}, at the buffer's position. */
    void put(int magic, long base, ByteBuffer buffer, CRC32C crc) {
        int at = buffer.position();
        buffer.putInt(magic)
                .put(VERSION)
                .put((byte) kind)
                .putShort((short) 0)
                .putInt((int) (length >>> 3))
                .putInt(count)
                .putLong(salt)
                .putLong(first)
                .putLong(synced)
                .putLong(millis)
                .putInt(nameCount)
                .putInt(nameBytes)
                .putInt(nameCrc)
                .putInt(crc(buffer, at, base, start, crc));
    }

    private static int crc(ByteBuffer buffer, int at, long base, long start, CRC32C crc) {
        crc.reset();
        crc.update(buffer.slice(at, CRC));
        crc.update(ByteBuffer.allocate(16).putLong(base).putLong(start).flip());
        return (int) crc.getValue();
    }

    /**
     * Reads the header at {@code at} in the buffer, which is {@code position} in the segment. Null if there is none, or
     * a damaged one.
     */
    static @Nullable Block get(int magic, long base, long position, ByteBuffer buffer, int at, CRC32C crc) {
        if (buffer.getInt(at) != magic || buffer.get(at + 4) != VERSION) {
            return null;
        }
        long length = (buffer.getInt(at + 8) & 0xffffffffL) << 3;
        int nameBytes = buffer.getInt(at + 52);
        if (nameBytes < 0) {
            return null;
        }
        long start = magic == HEAD ? position : position + HEADER + padded(nameBytes) - length;
        if (start < 0 || crc(buffer, at, base, start, crc) != buffer.getInt(at + CRC)) {
            return null;
        }
        return new Block(
                start,
                length,
                buffer.get(at + 5),
                buffer.getInt(at + 12),
                buffer.getLong(at + 16),
                buffer.getLong(at + 24),
                buffer.getLong(at + 32),
                buffer.getLong(at + 40),
                buffer.getInt(at + 48),
                nameBytes,
                buffer.getInt(at + 56));
    }
}
