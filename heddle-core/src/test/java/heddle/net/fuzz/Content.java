package heddle.net.fuzz;

/// The bytes of endless streams, each place of each with content of its own: eight bytes at a time are a number that
/// tells stream and place. So bytes that come twice, or too early, or from elsewhere, are seen as such.
///
///     bits  0-39  number of the eight bytes in their stream
///     bits 40-63  stream
///
/// What is sent is that number mixed (a bijection, the finalizer of SplitMix64), so that no two places look alike by
/// chance.
final class Content {

    static final int CELL_BYTES = 8;

    private static final int STREAM_SHIFT = 40;
    private static final long FIRST = 0xbf58476d1ce4e5b9L;
    private static final long SECOND = 0x94d049bb133111ebL;
    private static final long FIRST_INVERSE = inverse(FIRST);
    private static final long SECOND_INVERSE = inverse(SECOND);

    private Content() {}

    /** Of an odd number, modulo 2^64; each step of Newton's doubles the bits that are right. */
    private static long inverse(long odd) {
        long x = odd;
        for (int i = 0; i < 6; i++) {
            x *= 2 - odd * x;
        }
        return x;
    }

    private static long mix(long cell) {
        long z = (cell ^ (cell >>> 30)) * FIRST;
        z = (z ^ (z >>> 27)) * SECOND;
        return z ^ (z >>> 31);
    }

    private static long unmix(long mixed) {
        long z = unshift(mixed, 31) * SECOND_INVERSE;
        z = unshift(z, 27) * FIRST_INVERSE;
        return unshift(z, 30);
    }

    private static long unshift(long x, int bits) {
        return x ^ (x >>> bits) ^ (x >>> (2 * bits));
    }

    private static long cell(int stream, long place) {
        return mix((long) stream << STREAM_SHIFT | place / CELL_BYTES);
    }

    /** What stands at {@code place} of {@code stream}. */
    static byte at(int stream, long place) {
        return (byte) (cell(stream, place) >>> (place % CELL_BYTES * Byte.SIZE));
    }

    /** The {@code count} bytes from {@code place} on. */
    static byte[] of(int stream, long place, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = at(stream, place + i);
        }
        return bytes;
    }

    /** Whether {@code count} bytes of {@code bytes} are those of {@code stream} from {@code place} on. */
    static boolean matches(byte[] bytes, int from, int count, int stream, long place) {
        for (int i = 0; i < count; i++) {
            if (bytes[from + i] != at(stream, place + i)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Where in {@code stream} these bytes stand, by any eight of them that belong together; -1 for too few, or for
     * others.
     */
    static long find(byte[] bytes, int stream) {
        for (int from = 0; from < CELL_BYTES && from + CELL_BYTES <= bytes.length; from++) {
            long mixed = 0;
            for (int i = 0; i < CELL_BYTES; i++) {
                mixed |= (bytes[from + i] & 0xffL) << (i * Byte.SIZE);
            }
            long cell = unmix(mixed);
            long place = (cell & (1L << STREAM_SHIFT) - 1) * CELL_BYTES - from;
            if (cell >>> STREAM_SHIFT == stream && place >= 0) {
                return place;
            }
        }
        return -1;
    }
}
