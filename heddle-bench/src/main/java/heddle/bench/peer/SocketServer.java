package heddle.bench.peer;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** java.net.Socket on the JDK's virtual threads. */
public final class SocketServer extends BlockingServer {

    private final ServerSocket listener;
    private final int bufferBytes;

    private SocketServer(Arguments arguments) throws IOException {
        super(arguments);
        bufferBytes = arguments.bufferBytes();
        listener = new ServerSocket(arguments.port(), BACKLOG, InetAddress.getLoopbackAddress());
    }

    /** See the package's comment. */
    public static void main(String[] args) throws IOException, InterruptedException {
        new SocketServer(Arguments.of(args)).run();
    }

    @Override
    Thread start(Runnable task) {
        return Thread.ofVirtual().start(task);
    }

    @Override
    Link accept() throws IOException {
        Socket socket = listener.accept();
        socket.setTcpNoDelay(true);
        return new SocketLink(socket, bufferBytes);
    }

    private static final class SocketLink extends Link {
        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;
        private final byte[] buffer;

        /** A write goes in parts when the socket's buffer is nearly full, and others may write in between. */
        private final ReentrantLock writeLock = new ReentrantLock();

        private int length;

        SocketLink(Socket socket, int bufferBytes) throws IOException {
            this.socket = socket;
            in = socket.getInputStream();
            out = socket.getOutputStream();
            buffer = new byte[bufferBytes];
        }

        @Override
        int read() throws IOException {
            length = in.read(buffer);
            return length;
        }

        @Override
        void writeBack() throws IOException {
            out.write(buffer, 0, length);
        }

        @Override
        void write(byte[] bytes) throws IOException {
            out.write(bytes);
        }

        @Override
        void writeTogether(byte[] bytes) throws IOException {
            writeLock.lock();
            try {
                out.write(bytes);
            } finally {
                writeLock.unlock();
            }
        }

        @Override
        void passTo(Link target) throws IOException {
            in.transferTo(((SocketLink) target).out);
        }

        /** A time-out from the beginning of each read: no instant, but all that there is. */
        @Override
        void allowNanos(long nanos) throws IOException {
            socket.setSoTimeout((int) TimeUnit.NANOSECONDS.toMillis(nanos));
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
