package heddle.cli;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * The lines of a stream as bytes, whatever they mean: a line ends at a line feed, which is not part of it, or at the
 * end of the stream; a carriage return belongs to it. A line is shown in place until the next one. One thread.
 */
final class Lines implements Closeable {
    private static final int BUFFER_BYTES = 64 << 10;

    private final InputStream in;
    private final String source;
    private final int lineBytesMax;

    private byte[] buffer = new byte[BUFFER_BYTES];
    private int start;
    private int length;

    /** Where the next line starts. */
    private int next;

    private int end;
    private long count;
    private long bytes;

    /** Lines of {@code in}, called {@code source} in errors, none longer than {@code lineBytesMax}. */
    Lines(InputStream in, String source, int lineBytesMax) {
        this.in = in;
        this.source = source;
        this.lineBytesMax = lineBytesMax;
    }

    /** Goes to the next line. False if there is none. */
    boolean next() throws IOException {
        start = next;
        int searched = start;
        while (true) {
            for (; searched < end; searched++) {
                if (buffer[searched] == '\n') {
                    next = searched + 1;
                    return found(searched);
                }
            }
            if (end - start > lineBytesMax) {
                throw tooLong();
            }
            makeRoom();
            searched = end;
            int n = in.read(buffer, end, buffer.length - end);
            if (n < 0) {
                next = end;
                return end > start && found(end);
            }
            end += n;
        }
    }

    private boolean found(int at) throws IOException {
        length = at - start;
        if (length > lineBytesMax) {
            throw tooLong();
        }
        count++;
        bytes += next - start;
        return true;
    }

    private IOException tooLong() {
        return new IOException(
                "%s line %d: longer than %d bytes, so it and what follows were not sent; for longer ones raise --max-frame, here and at the server"
                        .formatted(source, count + 1, lineBytesMax));
    }

    /** Moves an unfinished line to the front, or doubles the buffer that it fills. */
    private void makeRoom() {
        if (end < buffer.length) {
            return;
        }
        if (start > 0) {
            System.arraycopy(buffer, start, buffer, 0, end - start);
        } else {
            buffer = Arrays.copyOf(buffer, (int) Math.min(2L * buffer.length, lineBytesMax + 1L));
        }
        end -= start;
        start = 0;
    }

    byte[] buffer() {
        return buffer;
    }

    int offset() {
        return start;
    }

    int length() {
        return length;
    }

    /** Lines so far. */
    long count() {
        return count;
    }

    /** Bytes so far, line feeds included. */
    long bytes() {
        return bytes;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
