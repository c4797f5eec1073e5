package heddle.bench.peer;

import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.Heddle;
import heddle.net.ListenConfig;
import heddle.net.Listener;
import heddle.net.Taker;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Heddle's connections on its own virtual threads, in the way that -Dheddle.way names. With -Dlent=true an echo reads
 * into buffers that are lent, so a connection that waits has none.
 */
public final class HeddleServer extends BlockingServer {

    private final Listener listener;
    private final int bufferBytes;

    private HeddleServer(Arguments arguments) throws IOException {
        super(arguments);
        bufferBytes = arguments.bufferBytes();
        listener = new ListenConfig().backlog(BACKLOG).listen(arguments.network(), arguments.address());
    }

    /** See the package's comment. */
    public static void main(String[] args) throws IOException, InterruptedException {
        new HeddleServer(Arguments.of(args)).run();
    }

    @Override
    Thread start(Runnable task) {
        return Heddle.shared().ofVirtual().start(task);
    }

    @Override
    Link accept() throws IOException {
        Conn conn = listener.accept();
        return Boolean.getBoolean("lent") ? new LentLink(conn, bufferBytes) : new HeddleLink(conn, bufferBytes);
    }

    private static final class LentLink extends HeddleLink {
        private final Taker writeBack;

        LentLink(Conn conn, int bufferBytes) {
            super(conn, bufferBytes);
            writeBack = conn::write;
        }

        @Override
        boolean echo() throws IOException {
            return conn.readLent(writeBack) >= 0;
        }
    }

    private static class HeddleLink extends Link {
        final Conn conn;
        private final int bufferBytes;
        private byte @Nullable [] buffer;
        private int length;

        HeddleLink(Conn conn, int bufferBytes) {
            this.conn = conn;
            this.bufferBytes = bufferBytes;
        }

        @Override
        int read() throws IOException {
            if (buffer == null) {
                buffer = new byte[bufferBytes];
            }
            length = conn.read(buffer);
            return length;
        }

        @Override
        void writeBack() throws IOException {
            conn.write(Objects.requireNonNull(buffer), 0, length);
        }

        @Override
        void write(byte[] bytes) throws IOException {
            conn.write(bytes);
        }

        /** Each write is in one piece. */
        @Override
        void writeTogether(byte[] bytes) throws IOException {
            conn.write(bytes);
        }

        @Override
        void passTo(Link target) throws IOException {
            conn.transferTo(((HeddleLink) target).conn);
        }

        @Override
        void allowNanos(long nanos) throws IOException {
            conn.setReadDeadline(Deadline.afterNanos(nanos));
        }

        @Override
        public void close() throws IOException {
            conn.close();
        }
    }
}
