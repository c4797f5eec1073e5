package heddle.net;

import java.io.IOException;
import java.nio.ByteBuffer;

/** What {@link Conn#readLent} lends its buffer to. */
@FunctionalInterface
public interface Taker {

    /**
     * Takes bytes: from the buffer's position on, as many as it wants.
     *
     * @param bytes what came, at least one; a buffer over an array, which is another's once this returns
     * @throws IOException what {@link Conn#readLent} then throws
     */
    void take(ByteBuffer bytes) throws IOException;
}
