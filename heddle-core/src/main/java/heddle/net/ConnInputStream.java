package heddle.net;

import java.io.IOException;
import java.io.InputStream;

/** The reading side of a connection as a stream. */
final class ConnInputStream extends InputStream {

    private final Conn conn;

    ConnInputStream(Conn conn) {
        this.conn = conn;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return conn.read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        return conn.read(buffer, offset, length);
    }

    @Override
    public void close() throws IOException {
        conn.close();
    }
}
