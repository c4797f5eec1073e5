package heddle.net.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.net.Conn;
import heddle.net.NetError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/**
 * Reads and writes by every method there is and with every kind of buffer. Checks of each call what does not depend on
 * others: positions move by what was transferred, bytes outside stay as they were; and scribbles on what was written
 * once the call has returned.
 */
final class Transfers {

    private static final byte UNTOUCHED = 0x55;
    private static final int PIECES_MAX = 6;

    private Transfers() {}

    /** What a write came to. */
    record Written(long bytes, IOException failure) {}

    /** Writes {@code bytes} in one call. */
    static Written write(Conn conn, byte[] bytes, Random random) {
        return switch (random.nextInt(bytes.length == 1 ? 7 : 6)) {
            case 0 -> writeArray(conn, bytes, 0, 0, false);
            case 1 -> writeArray(conn, bytes, random.nextInt(10), random.nextInt(10), false);
            case 2 -> writeArray(conn, bytes, random.nextInt(2), random.nextInt(2), true);
            case 3 -> writeBuffer(conn, source(bytes, random));
            case 4, 5 -> writePieces(conn, bytes, random);
            default -> {
                try {
                    conn.outputStream().write(bytes[0]);
                    yield new Written(1, null);
                } catch (IOException failure) {
                    yield failed(failure);
                }
            }
        };
    }

    private static Written failed(IOException failure) {
        return new Written(((NetError) failure).bytesTransferred(), failure);
    }

    private static Written writeArray(Conn conn, byte[] bytes, int before, int after, boolean stream) {
        byte[] array = new byte[before + bytes.length + after];
        System.arraycopy(bytes, 0, array, before, bytes.length);
        try {
            if (stream) {
                conn.outputStream().write(array, before, bytes.length);
            } else {
                assertThat(conn.write(array, before, bytes.length)).isEqualTo(bytes.length);
            }
            return new Written(bytes.length, null);
        } catch (IOException failure) {
            return failed(failure);
        } finally {
            Arrays.fill(array, UNTOUCHED);
        }
    }

    /** {@code bytes} between a position and a limit of a buffer of any kind. */
    private static ByteBuffer source(byte[] bytes, Random random) {
        int before = random.nextInt(3);
        int capacity = before + bytes.length + random.nextInt(3);
        int kind = random.nextInt(3);
        ByteBuffer buffer = kind == 0 ? ByteBuffer.allocateDirect(capacity) : ByteBuffer.allocate(capacity);
        buffer.position(before).put(bytes).flip().position(before);
        return kind == 1 ? buffer.asReadOnlyBuffer() : buffer;
    }

    private static Written writeBuffer(Conn conn, ByteBuffer buffer) {
        int at = buffer.position();
        int count = buffer.remaining();
        Written written;
        try {
            assertThat(conn.write(buffer)).isEqualTo(count);
            written = new Written(count, null);
        } catch (IOException failure) {
            written = failed(failure);
        }
        assertThat(buffer.position() - at).isEqualTo((int) written.bytes);
        scribble(buffer);
        return written;
    }

    private static void scribble(ByteBuffer buffer) {
        if (!buffer.isReadOnly()) {
            buffer.clear();
            while (buffer.hasRemaining()) {
                buffer.put(UNTOUCHED);
            }
        }
    }

    private static Written writePieces(Conn conn, byte[] bytes, Random random) {
        ByteBuffer[] pieces = new ByteBuffer[2 + random.nextInt(PIECES_MAX)];
        int done = 0;
        pieces[0] = ByteBuffer.wrap(new byte[] {UNTOUCHED}); // outside of what is written
        for (int i = 1; i < pieces.length; i++) {
            int left = bytes.length - done;
            int size = i == pieces.length - 1 ? left : random.nextInt(left + 1);
            pieces[i] = source(Arrays.copyOfRange(bytes, done, done + size), random);
            done += size;
        }
        Written written;
        try {
            assertThat(conn.write(pieces, 1, pieces.length - 1)).isEqualTo(bytes.length);
            written = new Written(bytes.length, null);
        } catch (IOException failure) {
            written = failed(failure);
        }
        assertThat(pieces[0].remaining()).isEqualTo(1);
        assertThat(bytes.length - remaining(pieces)).isEqualTo(written.bytes);
        for (ByteBuffer piece : pieces) {
            scribble(piece);
        }
        return written;
    }

    /** Of all but the first; only one of them, in their order, may be in the middle. */
    private static long remaining(ByteBuffer[] pieces) {
        long remaining = 0;
        for (int i = 1; i < pieces.length; i++) {
            remaining += pieces[i].remaining();
        }
        return remaining;
    }

    /** Reads at most {@code count} bytes in one call: those that came, or null at the end of the stream. */
    static byte[] read(Conn conn, int count, Random random) throws IOException {
        return switch (random.nextInt(count == 1 ? 7 : 6)) {
            case 0 -> readArray(conn, count, 0, 0, false);
            case 1 -> readArray(conn, count, random.nextInt(10), random.nextInt(10), false);
            case 2 -> readArray(conn, count, random.nextInt(2), random.nextInt(2), true);
            case 3 -> readBuffer(conn, target(count, random));
            case 4, 5 -> readPieces(conn, count, random);
            default -> {
                int b = conn.inputStream().read();
                yield b < 0 ? null : new byte[] {(byte) b};
            }
        };
    }

    private static byte[] readArray(Conn conn, int count, int before, int after, boolean stream) throws IOException {
        byte[] array = new byte[before + count + after];
        Arrays.fill(array, UNTOUCHED);
        int n = stream ? conn.inputStream().read(array, before, count) : conn.read(array, before, count);
        for (int i = 0; i < array.length; i++) {
            if (i < before || i >= before + Math.max(n, 0)) {
                assertThat(array[i]).as("outside of what was read").isEqualTo(UNTOUCHED);
            }
        }
        return bytes(count, n, array, before);
    }

    private static byte[] bytes(int asked, long n, byte[] array, int from) {
        if (n < 0) {
            assertThat(n).isEqualTo(-1);
            return null;
        }
        assertThat(n).isBetween(asked == 0 ? 0L : 1L, (long) asked);
        return Arrays.copyOfRange(array, from, from + (int) n);
    }

    /** Room for {@code count} bytes between a position and a limit. */
    private static ByteBuffer target(int count, Random random) {
        int before = random.nextInt(3);
        int capacity = before + count + random.nextInt(3);
        ByteBuffer buffer = random.nextBoolean() ? ByteBuffer.allocateDirect(capacity) : ByteBuffer.allocate(capacity);
        while (buffer.hasRemaining()) {
            buffer.put(UNTOUCHED);
        }
        return buffer.position(before).limit(before + count);
    }

    private static byte[] readBuffer(Conn conn, ByteBuffer buffer) throws IOException {
        int at = buffer.position();
        int count = buffer.remaining();
        int n;
        try {
            n = conn.read(buffer);
        } catch (IOException failure) {
            assertThat(buffer.position()).isEqualTo(at);
            throw failure;
        }
        byte[] got = new byte[buffer.position() - at];
        buffer.position(at).get(got);
        assertThat(got).hasSize(Math.max(n, 0));
        buffer.clear();
        for (int i = 0; i < buffer.capacity(); i++) {
            if (i < at || i >= at + got.length) {
                assertThat(buffer.get(i)).as("outside of what was read").isEqualTo(UNTOUCHED);
            }
        }
        return bytes(count, n, got, 0);
    }

    private static byte[] readPieces(Conn conn, int count, Random random) throws IOException {
        ByteBuffer[] pieces = new ByteBuffer[1 + random.nextInt(PIECES_MAX)];
        int[] starts = new int[pieces.length];
        int left = count;
        for (int i = 0; i < pieces.length; i++) {
            int size = i == pieces.length - 1 ? left : random.nextInt(left + 1);
            pieces[i] = target(size, random);
            starts[i] = pieces[i].position();
            left -= size;
        }
        long n = conn.read(pieces);
        byte[] got = new byte[count];
        int done = 0;
        for (int i = 0; i < pieces.length; i++) {
            int size = pieces[i].position() - starts[i];
            if (i > 0 && size > 0) {
                assertThat(pieces[i - 1].hasRemaining()).as("filled in order").isFalse();
            }
            pieces[i].position(starts[i]).get(got, done, size);
            done += size;
        }
        assertThat((long) done).isEqualTo(Math.max(n, 0));
        return bytes(count, n, got, 0);
    }
}
