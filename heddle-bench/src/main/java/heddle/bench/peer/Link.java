package heddle.bench.peer;

import java.io.Closeable;
import java.io.IOException;

/** A connection with blocking calls and the buffer that its reads use. */
abstract class Link implements Closeable {

    /** How many bytes are in the buffer now; negative at the end of the stream. */
    abstract int read() throws IOException;

    /** Writes what the last read brought. */
    abstract void writeBack() throws IOException;

    /** Writes back what comes next; false at the end of the stream. */
    boolean echo() throws IOException {
        if (read() < 0) {
            return false;
        }
        writeBack();
        return true;
    }

    /** Writes all of it. */
    abstract void write(byte[] bytes) throws IOException;

    /** Writes all of it in one piece, whoever else writes. */
    abstract void writeTogether(byte[] bytes) throws IOException;

    /** Copies all that comes to another one of the same kind. */
    abstract void passTo(Link target) throws IOException;

    /** Sets the deadline of the next read so far ahead. */
    abstract void allowNanos(long nanos) throws IOException;
}
