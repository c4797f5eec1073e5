package heddle.net;

/**
 * Both ends of a connection in memory; {@link Net#pipe}.
 *
 * @param left one end
 * @param right the other end
 */
public record Pipe(Conn left, Conn right) {

    static Pipe open() {
        PipeFlow rightwards = new PipeFlow();
        PipeFlow leftwards = new PipeFlow();
        return new Pipe(new PipeConn(leftwards, rightwards), new PipeConn(rightwards, leftwards));
    }
}
