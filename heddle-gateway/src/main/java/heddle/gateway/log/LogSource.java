package heddle.gateway.log;

import java.io.Closeable;
import java.io.IOException;

/** A store that is read. One thread at a time. */
public interface LogSource extends Closeable {

    /** The number that is read next. */
    long position();

    /** The number of the last message that may be read now; one below the first if there is none. */
    long end() throws IOException;

    /** Goes to {@code number}; what is not there any more is a gap. */
    void seek(long number) throws IOException;

    /** Goes to the first message whose commit was at {@code millis} or later; behind the end if there is none. */
    void seekTime(long millis) throws IOException;

    /**
     * Reads on, until as many messages or bytes were passed on, or there are no more now.
     *
     * @return how many messages and gaps were passed on
     */
    int read(LogVisitor visitor, int messagesMax, long bytesMax) throws IOException;
}
