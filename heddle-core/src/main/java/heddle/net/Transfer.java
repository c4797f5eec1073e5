package heddle.net;

import java.io.IOException;
import java.nio.ByteBuffer;

/** What all transfers from connection to connection share. */
final class Transfer {

    /** Of a buffer, where one is needed. */
    private static final int PIECE_BYTES_MAX = 64 << 10;

    private Transfer() {}

    /** Refuses what is no bound of a transfer. */
    static void check(long bytesMax) {
        if (bytesMax < 0) {
            throw new IllegalArgumentException("bytesMax " + bytesMax + ": want 0 or more");
        }
    }

    /** Bytes of a buffer for a transfer of at most {@code bytesMax}. */
    static int pieceBytes(long bytesMax) {
        check(bytesMax);
        return (int) Math.min(bytesMax, PIECE_BYTES_MAX);
    }

    /**
     * Writes {@code piece}, after {@code before} bytes of the same transfer, which a failure counts too if it is a
     * {@link NetError}.
     */
    static void write(Conn target, ByteBuffer piece, long before) throws IOException {
        switch (target) {
            case SocketConn socket -> socket.write(piece, before);
            case PipeConn pipe -> pipe.write(piece, before);
            default -> {
                try {
                    target.write(piece);
                } catch (IOException failed) {
                    throw failed instanceof NetError error
                            ? NetError.counted(failed, before + error.bytesTransferred())
                            : failed;
                }
            }
        }
    }
}
