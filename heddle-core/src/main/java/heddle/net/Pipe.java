package heddle.net;

import heddle.internal.Life;
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
        Life life = heddle.life();
        PipeFlow rightwards = new PipeFlow(life);
        PipeFlow leftwards = new PipeFlow(life);
        return new Pipe(new PipeConn(heddle, leftwards, rightwards), new PipeConn(heddle, rightwards, leftwards));
    }

    /** Closes both ends. A second close does nothing. */
    @Override
    public void close() throws IOException {
        left.close();
        right.close();
    }
}
