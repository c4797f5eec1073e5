package heddle.net;

import java.io.IOException;
import java.io.OutputStream;

/** The writing side of a connection as a stream, without a buffer. */
final class ConnOutputStream extends OutputStream {

    private final Conn conn;

    ConnOutputStream(Conn conn) {
        this.conn = conn;
    }

    @Override
    public void write(int b) throws IOException {
        conn.write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
        conn.write(buffer, offset, length);
    }

    @Override
    public void close() throws IOException {
        conn.close();
    }
}
