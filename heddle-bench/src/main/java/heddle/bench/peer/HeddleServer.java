package heddle.bench.peer;

import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.Heddle;
import heddle.net.ListenConfig;
import heddle.net.Listener;
import java.io.IOException;

/** Heddle's connections on its own virtual threads, in the way that -Dheddle.way names. */
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
        return new HeddleLink(listener.accept(), bufferBytes);
    }

    private static final class HeddleLink extends Link {
        private final Conn conn;
        private final byte[] buffer;
        private int length;

        HeddleLink(Conn conn, int bufferBytes) {
            this.conn = conn;
            buffer = new byte[bufferBytes];
        }

        @Override
        int read() throws IOException {
            length = conn.read(buffer);
            return length;
        }

        @Override
        void writeBack() throws IOException {
            conn.write(buffer, 0, length);
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
