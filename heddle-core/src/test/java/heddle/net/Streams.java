package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Steps that the tests of connections share. */
final class Streams {

    private Streams() {}

    /** A deadline so far ahead. */
    static Deadline inMillis(long millis) {
        return Deadline.afterNanos(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    /** {@code count} bytes that only {@code seed} makes again. */
    static byte[] random(int count, long seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Fills {@code buffer}; false at an end of stream in front of it. */
    static boolean readFully(Conn conn, byte[] buffer) throws IOException {
        int at = 0;
        while (at < buffer.length) {
            int n = conn.read(buffer, at, buffer.length - at);
            if (n < 0) {
                assertThat(at).as("bytes before the end of stream").isZero();
                return false;
            }
            at += n;
        }
        return true;
    }

    /** The next {@code count} bytes. */
    static byte[] readExactly(Conn conn, int count) throws IOException {
        byte[] bytes = new byte[count];
        assertThat(readFully(conn, bytes)).as("not at the end of stream").isTrue();
        return bytes;
    }

    /** All there is until the end of stream. */
    static byte[] readToEnd(Conn conn) throws IOException {
        return conn.inputStream().readAllBytes();
    }

    /** Writes {@code chunk} again and again, until something ends that. */
    static void writeForEver(Conn conn, byte[] chunk) throws IOException {
        while (true) {
            conn.write(chunk);
        }
    }

    /** Feeds the peer until either side is closed. */
    static void writeUntilClosed(Conn conn) throws IOException {
        try {
            writeForEver(conn, new byte[1024]);
        } catch (ConnClosedException | ConnResetException end) {
            checkEnd("write", end);
        }
    }

    /** Drains the peer until either side is closed. */
    static void readUntilClosed(Conn conn) throws IOException {
        byte[] buffer = new byte[1024];
        try {
            while (conn.read(buffer) >= 0) {
                Arrays.fill(buffer, (byte) 1);
            }
        } catch (ConnClosedException | ConnResetException end) {
            checkEnd("read", end);
        }
    }

    private static void checkEnd(String op, IOException end) {
        assertThat(end).isInstanceOf(NetError.class);
        var error = (NetError) end;
        assertThat(error.op()).isEqualTo(op);
        assertThat(end.getMessage())
                .startsWith(error.network().equals("pipe") ? "io: read/write on closed pipe" : op + " ");
    }

    /** Sends back what comes until either side is closed. */
    static void echo(Conn conn) throws IOException {
        byte[] buffer = new byte[1024];
        try {
            for (int n; (n = conn.read(buffer)) >= 0; ) {
                conn.write(buffer, 0, n);
            }
        } catch (ConnClosedException | ConnResetException end) {
            assertThat(end).isInstanceOf(NetError.class);
        }
    }

    /** Sends 1 KiB to a peer that echoes, and gets the same. */
    static void roundTrip(Conn conn) throws IOException {
        byte[] sent = random(1024, 7);
        assertThat(conn.write(sent)).isEqualTo(sent.length);
        assertThat(readExactly(conn, sent.length)).isEqualTo(sent);
    }

    /** Both ends still carry data, in both directions. */
    static void checkUsable(ConnPair pair) throws IOException {
        pair.left().write(new byte[] {1});
        assertThat(readExactly(pair.right(), 1)).containsExactly(1);
        pair.right().write(new byte[] {2});
        assertThat(readExactly(pair.left(), 1)).containsExactly(2);
    }
}
