package heddle.bench.peer;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;

/** SocketChannel in blocking mode on the JDK's virtual threads, with direct buffers. */
public final class ChannelServer extends BlockingServer {

    private final ServerSocketChannel listener;
    private final boolean tcp;
    private final int bufferBytes;

    private ChannelServer(Arguments arguments) throws IOException {
        super(arguments);
        bufferBytes = arguments.bufferBytes();
        tcp = arguments.network().equals("tcp");
        if (tcp) {
            listener = ServerSocketChannel.open();
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), arguments.port()), BACKLOG);
        } else {
            listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            listener.bind(UnixDomainSocketAddress.of(arguments.address()), BACKLOG);
        }
    }

    /** See the package's comment. */
    public static void main(String[] args) throws IOException, InterruptedException {
        new ChannelServer(Arguments.of(args)).run();
    }

    @Override
    Thread start(Runnable task) {
        return Thread.ofVirtual().start(task);
    }

    @Override
    Link accept() throws IOException {
        SocketChannel channel = listener.accept();
        if (tcp) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
        return new ChannelLink(channel, bufferBytes);
    }

    private static final class ChannelLink extends Link {
        private final SocketChannel channel;
        private final ByteBuffer buffer;

        /** A write goes in parts when the socket's buffer is nearly full, and others may write in between. */
        private final ReentrantLock writeLock = new ReentrantLock();

        ChannelLink(SocketChannel channel, int bufferBytes) {
            this.channel = channel;
            buffer = ByteBuffer.allocateDirect(bufferBytes);
        }

        @Override
        int read() throws IOException {
            buffer.clear();
            int n = channel.read(buffer);
            buffer.flip();
            return n;
        }

        @Override
        void writeBack() throws IOException {
            writeAll(buffer);
        }

        @Override
        void write(byte[] bytes) throws IOException {
            writeAll(ByteBuffer.wrap(bytes));
        }

        @Override
        void writeTogether(byte[] bytes) throws IOException {
            writeLock.lock();
            try {
                writeAll(ByteBuffer.wrap(bytes));
            } finally {
                writeLock.unlock();
            }
        }

        @Override
        void passTo(Link target) throws IOException {
            while (read() >= 0) {
                ((ChannelLink) target).writeAll(buffer);
            }
        }

        private void writeAll(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }

        @Override
        void allowNanos(long nanos) {
            throw new UnsupportedOperationException("a channel's reads have no deadline");
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
