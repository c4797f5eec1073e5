package heddle.gateway.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Whole buffers to and from a file: the system may take and give less at a time. No state. */
final class Whole {

    private Whole() {}

    /** Writes all of {@code buffer} at {@code position}; how many bytes. */
    static int write(FileChannel channel, ByteBuffer buffer, long position) throws IOException {
        int written = 0;
        while (buffer.hasRemaining()) {
            written += channel.write(buffer, position + written);
        }
        return written;
    }

    /** Reads from {@code position} on until {@code buffer} is full; false if the file ends before. */
    static boolean read(FileChannel channel, ByteBuffer buffer, long position) throws IOException {
        long at = position;
        while (buffer.hasRemaining()) {
            int n = channel.read(buffer, at);
            if (n < 0) {
                return false;
            }
            at += n;
        }
        return true;
    }
}
