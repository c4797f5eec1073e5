package heddle.lab;

import heddle.net.Deadline;
import heddle.net.TcpConn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Consumer;

/** One end of a connection, and who calls it. Its calls never throw: the trace has what came of them. Any thread. */
final class End {

    /** Texts up to this length stand in the log. */
    private static final int TEXT_MAX = 24;

    private final Stage stage;
    private final String side;
    final TcpConn conn;

    End(Stage stage, String side, TcpConn conn) {
        this.stage = stage;
        this.side = side;
        this.conn = conn;
    }

    /** The same end, called by another. */
    End as(String other) {
        return new End(stage, other, conn);
    }

    /** One read with room for {@code length} bytes. */
    Call read(int length) {
        return read(length, bytes -> {});
    }

    Call read(int length, Consumer<byte[]> taker) {
        byte[] buffer = new byte[length];
        return stage.call(side, "read(" + length + ")", () -> {
            int n = conn.read(buffer);
            byte[] got = Arrays.copyOf(buffer, Math.max(0, n));
            taker.accept(got);
            return new Stage.Done(n, text(got));
        });
    }

    /** Reads until {@code length} bytes are there, written down as one call. */
    Call readFully(int length) {
        byte[] buffer = new byte[length];
        return stage.call(side, "readFully(" + length + ")", () -> {
            int sum = 0;
            for (int n; sum < length && (n = conn.read(buffer, sum, length - sum)) > 0; ) {
                sum += n;
            }
            return new Stage.Done(sum, "");
        });
    }

    /** Reads to the end of the stream, written down as one call. */
    Call readToEnd() {
        byte[] buffer = new byte[64 << 10];
        return stage.call(side, "readToEnd", () -> {
            long sum = 0;
            for (int n; (n = conn.read(buffer)) > 0; ) {
                sum += n;
            }
            return new Stage.Done(sum, "");
        });
    }

    Call write(String text) {
        return write(text.getBytes(StandardCharsets.UTF_8));
    }

    Call write(byte[] bytes) {
        return stage.call(side, "write(" + bytes.length + ")", () -> new Stage.Done(conn.write(bytes), text(bytes)));
    }

    private static String text(byte[] bytes) {
        if (bytes.length == 0 || bytes.length > TEXT_MAX) {
            return "";
        }
        for (byte b : bytes) {
            if (b < ' ' || b == 127) {
                return "";
            }
        }
        return '"' + new String(bytes, StandardCharsets.US_ASCII) + '"';
    }

    Call setReadDeadline(Duration fromNow) {
        return set("setReadDeadline(" + text(fromNow) + ")", () -> conn.setReadDeadline(Deadline.after(fromNow)));
    }

    Call clearReadDeadline() {
        return set("setReadDeadline(none)", () -> conn.setReadDeadline(Deadline.NONE));
    }

    Call setWriteDeadline(Duration fromNow) {
        return set("setWriteDeadline(" + text(fromNow) + ")", () -> conn.setWriteDeadline(Deadline.after(fromNow)));
    }

    Call clearWriteDeadline() {
        return set("setWriteDeadline(none)", () -> conn.setWriteDeadline(Deadline.NONE));
    }

    private static String text(Duration fromNow) {
        return fromNow.toMillis() > 0 ? fromNow.toMillis() + " ms" : fromNow.toNanos() / 1_000 + " us";
    }

    /**
     * Makes a later close drop what is unsent and reset the connection; SO_LINGER of 0, as the kernel does for a
     * process that dies.
     */
    Call lingerZero() {
        return set("setLinger(0)", () -> conn.setLinger(Duration.ZERO));
    }

    Call closeWrite() {
        return set("closeWrite", conn::closeWrite);
    }

    Call close() {
        return set("close", conn::close);
    }

    @FunctionalInterface
    private interface Setting {
        void run() throws IOException;
    }

    private Call set(String name, Setting body) {
        return stage.call(side, name, () -> {
            body.run();
            return Stage.Done.QUIETLY;
        });
    }
}
