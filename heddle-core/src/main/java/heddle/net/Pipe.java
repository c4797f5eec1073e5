package heddle.net;

import java.io.Closeable;
import java.io.IOException;

/**
 * Both ends of a connection in memory; {@link Net#pipe}.
 *
 * @param left one end
 * @param right the other end
 */
public record Pipe(Conn left, Conn right) implements Closeable {

    static Pipe open() {
        PipeFlow rightwards = new PipeFlow();
        PipeFlow leftwards = new PipeFlow();
        return new Pipe(new PipeConn(leftwards, rightwards), new PipeConn(rightwards, leftwards));
    }

    /** Closes both ends. A second close does nothing. */
    @Override
    public void close() throws IOException {
        left.close();
        right.close();
    }
}
