package heddle.gateway;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A server that does what the test wants, made of the protocol's description; it lets every client in. */
final class FakeServer implements AutoCloseable {
    private final ServerSocket listener;
    final String address;
    private final LinkedBlockingQueue<Peer> peers = new LinkedBlockingQueue<>();
    private final Thread accepting;
    private final AtomicInteger accepted = new AtomicInteger();
    private volatile boolean closed;

    /** What a conn is answered. */
    volatile int introduction = Result.SUCCESS;

    FakeServer() throws IOException {
        this(0);
    }

    FakeServer(int port) throws IOException {
        this(new ServerSocket(port, 10, InetAddress.getLoopbackAddress()));
    }

    FakeServer(ServerSocket listener) {
        this.listener = listener;
        address = "127.0.0.1:" + listener.getLocalPort();
        accepting = Thread.startVirtualThread(this::accept);
    }

    /** The next connection that is introduced; connections are handed out in the order of asking. */
    Future<Peer> next() {
        var next = new FutureTask<>(peers::take);
        Thread.startVirtualThread(next);
        return next;
    }

    int port() {
        return listener.getLocalPort();
    }

    /** How many connections there were. */
    int accepted() {
        return accepted.get();
    }

    private void accept() {
        try {
            while (true) {
                var peer = new Peer(listener.accept());
                accepted.incrementAndGet();
                if (closed) {
                    peer.reset();
                    return;
                }
                peer.introduce(introduction);
                if (introduction == Result.SUCCESS) {
                    peers.add(peer);
                } else {
                    peer.socket.close();
                }
            }
        } catch (IOException closed) {
            // the end
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        listener.close();
        try {
            accepting.join(); // until then the JDK's listener may accept once more
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        for (var nobodys : peers) {
            nobodys.socket.close();
        }
    }

    /** The server's end of a connection. */
    static final class Peer {
        final Socket socket;
        private final DataInputStream in;

        Peer(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new DataInputStream(socket.getInputStream());
        }

        private void introduce(int result) throws IOException {
            in.readNBytes(in.readInt() - 4);
            answer(0x81, 0, result);
        }

        private void answer(int command, long id, int result) throws IOException {
            socket.getOutputStream()
                    .write(ByteBuffer.allocate(14)
                            .putInt(14)
                            .put((byte) command)
                            .putLong(id)
                            .put((byte) result)
                            .array());
        }

        void acknowledge(long id) throws IOException {
            answer(0x82, id, Result.SUCCESS);
        }

        void answerOnce(long number, int result) throws IOException {
            answer(0x83, number, result);
        }

        /** Reads a resume, and answers it with the highest number. */
        void resume(long highest) throws IOException {
            readResume();
            socket.getOutputStream()
                    .write(ByteBuffer.allocate(22)
                            .putInt(22)
                            .put((byte) 0x84)
                            .putLong(0)
                            .put((byte) Result.SUCCESS)
                            .putLong(highest)
                            .array());
        }

        void readResume() throws IOException {
            byte[] packet = in.readNBytes(in.readInt() - 4);
            if (packet.length != 9 || packet[0] != 4) {
                throw new AssertionError("no resume, but command " + packet[0]);
            }
        }

        /** A submit, plain or once: its id, a colon, its message. */
        String readSubmit() throws IOException {
            var packet = ByteBuffer.wrap(in.readNBytes(in.readInt() - 4));
            packet.get();
            return packet.getLong() + ":" + StandardCharsets.UTF_8.decode(packet);
        }

        /** Messages of submits. */
        List<String> readSubmits(int count) throws IOException {
            List<String> messages = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String submit = readSubmit();
                messages.add(submit.substring(submit.indexOf(':') + 1));
            }
            return messages;
        }

        /** Waits until the client has closed. */
        void readEnd() throws IOException {
            if (in.read() != -1) {
                throw new AssertionError("not the end");
            }
        }

        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }
}
