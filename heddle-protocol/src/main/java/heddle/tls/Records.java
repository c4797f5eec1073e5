package heddle.tls;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Records as they look from outside, whatever the version of TLS; RFC 8446, 5.1, and RFC 5246, 6.2.3:
 *
 * <pre>
 *  byte 0       type, 20 to 23: change_cipher_spec, alert, handshake, application_data
 *       1 to 2  version, of which the first byte is 3
 *       3 to 4  bytes that follow: 16 KiB and 2 KiB at most
 * </pre>
 *
 * Each buffer here is looked at from its position to its limit, and stays as it is unless a method says otherwise.
 */
final class Records {

    static final ByteBuffer[] NO_BUFFERS = {};

    private static final int HEADER_BYTES = 5;
    private static final int LENGTH_AT = 3;
    private static final int BYTES_MAX = HEADER_BYTES + (16 << 10) + 2048;
    private static final int TYPE_CIPHER_CHANGE = 20;
    private static final int TYPE_HANDSHAKE = 22;
    private static final int TYPE_DATA = 23;
    private static final int MAJOR_VERSION = 3;

    /** Of a change_cipher_spec, which is one byte. */
    private static final int CIPHER_CHANGE_BYTES = HEADER_BYTES + 1;

    /** For a longer record room for two is made at once: more of them are coming. */
    private static final int BULK_BYTES = 8 << 10;

    private Records() {}

    /** Bytes of the record at the front, as far as its header is there; else of the header. */
    static int neededBytes(ByteBuffer bytes) {
        return bytes.remaining() < HEADER_BYTES
                ? HEADER_BYTES
                : HEADER_BYTES + Short.toUnsignedInt(bytes.getShort(bytes.position() + LENGTH_AT));
    }

    /** Whether a record may begin with {@code bytes}; also if there are none. */
    static boolean isRecord(ByteBuffer bytes) {
        if (!bytes.hasRemaining()) {
            return true;
        }
        int at = bytes.position();
        int type = bytes.get(at);
        return type >= TYPE_CIPHER_CHANGE
                && type <= TYPE_DATA
                && (bytes.remaining() < 2 || bytes.get(at + 1) == MAJOR_VERSION)
                && neededBytes(bytes) <= BYTES_MAX;
    }

    /** Whether what {@link #isRecord} is there in full. */
    static boolean isWhole(ByteBuffer bytes) {
        return bytes.remaining() >= neededBytes(bytes);
    }

    /** Whether a record begins at the front and is not there in full. */
    static boolean isPart(ByteBuffer bytes) {
        return bytes.hasRemaining() && isRecord(bytes) && !isWhole(bytes);
    }

    /** Whether the record at the front, whose first byte is there, is of the handshake. */
    static boolean isHandshake(ByteBuffer bytes) {
        return bytes.get(bytes.position()) == TYPE_HANDSHAKE;
    }

    /**
     * Whether {@code flight} is nothing but what a TLS 1.3 client sends for the sake of old routers (RFC 8446, D.4): it
     * goes with what follows. The server, which has more to send, may not read yet.
     */
    static boolean isCipherChangeAlone(@Nullable ByteBuffer flight) {
        return flight != null
                && flight.position() == 0
                && flight.get(0) == TYPE_CIPHER_CHANGE
                && flight.remaining() == CIPHER_CHANGE_BYTES;
    }

    /** A copy of {@code part}, the beginning of a record, with room for the rest. */
    static ByteBuffer grown(ByteBuffer part) {
        int needed = neededBytes(part);
        return ByteBuffer.allocate(needed > BULK_BYTES ? 2 * RecordBuffers.BYTES : needed)
                .put(part.duplicate())
                .flip();
    }

    /** The same, in {@code part} itself if that has the room. */
    static ByteBuffer withRoom(ByteBuffer part) {
        int needed = neededBytes(part);
        if (part.capacity() - part.position() >= needed) {
            return part;
        }
        return part.capacity() >= needed ? part.compact().flip() : grown(part);
    }

    /** Moves as many bytes as {@code into} has room for, and the positions: how many. */
    static int move(ByteBuffer from, ByteBuffer[] into, int offset, int length) {
        int moved = 0;
        for (int i = offset; i < offset + length && from.hasRemaining(); i++) {
            int n = Math.min(from.remaining(), into[i].remaining());
            into[i].put(into[i].position(), from, from.position(), n);
            into[i].position(into[i].position() + n);
            from.position(from.position() + n);
            moved += n;
        }
        return moved;
    }

    static long remaining(ByteBuffer[] all, int offset, int length) {
        long bytes = 0;
        for (int i = offset; i < offset + length; i++) {
            bytes += all[i].remaining();
        }
        return bytes;
    }
}
