package heddle.net;

import heddle.internal.trace.Waits;

import java.io.Closeable;
import java.io.IOException;

/**
 * Both ends of a connection in memory; {@link Net#pipe}.
 *
 * @param left one end
 * @param right the other end
 */
public record Pipe(Conn left, Conn right) implements Closeable {

    static Pipe open(Heddle heddle) {
        Waits waits = heddle.trace().waits();
        PipeFlow rightwards = new PipeFlow(waits);
        PipeFlow leftwards = new PipeFlow(waits);
        return new Pipe(
                new PipeConn(heddle, leftwards, rightwards),
                new PipeConn(heddle, rightwards, leftwards));
    }

    /** Closes both ends. A second close does nothing. */
    @Override
    public void close() throws IOException {
        left.close();
        right.close();
    }
}
