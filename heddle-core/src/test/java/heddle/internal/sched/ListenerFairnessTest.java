package heddle.internal.sched;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.net.Conn;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.Net;
import heddle.net.TcpAddr;
import heddle.testing.ForkedJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Turns of a listener and of connections on the kernel's sockets: a JVM whose scheduler has one processor and hands it
 * to nobody. A request is answered in one turn, so the answers are counted.
 */
@Timeout(120)
@Tag("thorough")
class ListenerFairnessTest {

    private static final List<String> FLAGS =
            List.of("-Dheddle.way=carriers", "-Dheddle.parallelism=1", "-Dheddle.handOff=60000");

    /**
     * Those who were ready before the listener have one turn each; those who were in theirs, or about to begin it,
     * another.
     */
    @Test
    void busyConnectionsLeaveAListenerItsTurn() throws Exception {
        String printed = ForkedJvm.start(Accepting.class, FLAGS).output();
        assertThat(number(printed)).as(printed).isLessThanOrEqualTo(3);
    }

    /** Who connects again has had an answer, so at most two turns, before a request that waits has its own. */
    @Test
    void listenerUnderAFloodLeavesConnectionsTheirTurns() throws Exception {
        String printed = ForkedJvm.start(Flooded.class, FLAGS).output();
        assertThat(number(printed)).as(printed).isLessThanOrEqualTo(3 * Flooded.FLOOD);
    }

    private static int number(String printed) {
        return Integer.parseInt(printed.strip());
    }

    /** An echo, which counts what it accepts and answers. */
    private static final class Echo {

        final AtomicIntegerArray answers;
        final AtomicInteger accepted = new AtomicInteger();

        /** How many were accepted when each client sent its last request. */
        final AtomicIntegerArray acceptedAtRequest;

        final AtomicInteger mostAccepted = new AtomicInteger();

        /** What {@link #answers} were at each accept. */
        final LinkedBlockingQueue<int[]> seenAtAccept = new LinkedBlockingQueue<>();

        private final Listener listener = Net.listen("tcp", "127.0.0.1:0");

        Echo(int clients) throws IOException {
            answers = new AtomicIntegerArray(clients);
            acceptedAtRequest = new AtomicIntegerArray(clients);
            Heddle.shared().ofVirtual().start(this::accept);
        }

        InetSocketAddress address() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), ((TcpAddr) listener.address()).port());
        }

        int[] answers() {
            int[] copy = new int[answers.length()];
            for (int i = 0; i < copy.length; i++) {
                copy[i] = answers.get(i);
            }
            return copy;
        }

        private void accept() {
            try {
                while (true) {
                    Conn conn = listener.accept();
                    accepted.incrementAndGet();
                    seenAtAccept.add(answers());
                    Heddle.shared().ofVirtual().start(() -> serve(conn));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** A request is a client's number. */
        private void serve(Conn conn) {
            ByteBuffer buffer = ByteBuffer.allocate(64);
            try (conn) {
                while (conn.read(buffer) > 0) {
                    int client = buffer.getShort(0);
                    if (client >= 0) {
                        int meanwhile = accepted.get() - acceptedAtRequest.get(client);
                        mostAccepted.accumulateAndGet(meanwhile, Math::max);
                        answers.incrementAndGet(client);
                    }
                    buffer.flip();
                    conn.write(buffer);
                    buffer.clear();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /**
     * Clients that send a request as soon as the last is answered, some of them on a new connection each time. On the
     * calling thread.
     */
    private static final class Clients {

        /** The number of those that connect each time. */
        static final short NEW_CONNECTION = -1;

        private final Selector selector = Selector.open();
        private final ByteBuffer buffer = ByteBuffer.allocate(64);
        private final Echo echo;

        Clients(Echo echo) throws IOException {
            this.echo = echo;
        }

        void connect(short client) throws IOException {
            SocketChannel channel = SocketChannel.open();
            channel.configureBlocking(false);
            channel.connect(echo.address());
            channel.register(selector, SelectionKey.OP_CONNECT, client);
        }

        void run(int rounds) throws IOException {
            for (int i = 0; i < rounds; i++) {
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    handle(key, (SocketChannel) key.channel(), (short) key.attachment());
                }
                selector.selectedKeys().clear();
            }
        }

        private void handle(SelectionKey key, SocketChannel channel, short client) throws IOException {
            if (key.isConnectable()) {
                channel.finishConnect();
                key.interestOps(SelectionKey.OP_READ);
            } else {
                channel.read(buffer.clear());
                if (client == NEW_CONNECTION) {
                    channel.close();
                    connect(client);
                    return;
                }
            }
            if (client != NEW_CONNECTION) {
                echo.acceptedAtRequest.set(client, echo.accepted.get());
            }
            channel.write(buffer.clear().putShort(client).flip());
        }
    }

    /** Prints how many answers one of many busy connections had at most while another one waited to be accepted. */
    static final class Accepting {

        private static final int BUSY = 300;
        private static final int TIMES = 200;

        private Accepting() {}

        public static void main(String[] args) throws Exception {
            var echo = new Echo(BUSY);
            var clients = new Clients(echo);
            for (short i = 0; i < BUSY; i++) {
                clients.connect(i);
            }
            Thread.ofPlatform().daemon().start(() -> runForEver(clients));
            for (int i = 0; i < BUSY; i++) {
                echo.seenAtAccept.take();
            }
            int most = 0;
            for (int i = 0; i < TIMES; i++) {
                SocketChannel channel = SocketChannel.open(echo.address());
                int[] before = echo.answers();
                int[] then = echo.seenAtAccept.take();
                channel.close();
                for (int client = 0; client < BUSY; client++) {
                    most = Math.max(most, then[client] - before[client]);
                }
            }
            System.out.println(most);
            System.exit(0);
        }

        private static void runForEver(Clients clients) {
            try {
                clients.run(Integer.MAX_VALUE);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /**
     * Prints how many connections were accepted at most while a request waited, among many who connect again and again.
     */
    static final class Flooded {

        static final int FLOOD = 200;
        private static final int BUSY = 20;

        private Flooded() {}

        public static void main(String[] args) throws Exception {
            var echo = new Echo(BUSY);
            var clients = new Clients(echo);
            for (short i = 0; i < BUSY; i++) {
                clients.connect(i);
            }
            for (int i = 0; i < FLOOD; i++) {
                clients.connect(Clients.NEW_CONNECTION);
            }
            clients.run(400);
            System.out.println(echo.mostAccepted);
            System.exit(0);
        }
    }
}
