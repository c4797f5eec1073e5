package heddle.internal.sys.nio;

import static java.nio.channels.SelectionKey.OP_ACCEPT;
import static java.nio.channels.SelectionKey.OP_CONNECT;
import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.SelectableChannel;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a socket asks of a selector, and when. */
class NioSocketTest {

    private Selector selector;
    private final List<SelectableChannel> opened = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        selector = Selector.open();
    }

    @AfterEach
    void close() throws IOException {
        selector.close();
        for (SelectableChannel channel : opened) {
            channel.close();
        }
    }

    @Test
    void aStreamAsksForItsDirection() throws IOException {
        NioSocket socket = connected();
        assertThat(socket.watch(selector, this)).isFalse();
        assertThat(interest(socket)).isEqualTo(0);
        socket.want(false);
        assertThat(interest(socket)).isEqualTo(OP_READ);
        socket.want(true);
        assertThat(interest(socket)).isEqualTo(OP_READ | OP_WRITE);
    }

    /** Who waits must not wait for the selector's lock, which a change of the interest takes. */
    @Test
    void askingLeavesTheKeyToThePollingThread() throws IOException {
        NioSocket socket = connected();
        socket.watch(selector, this);
        socket.want(false);
        assertThat(socket.channel().keyFor(selector).interestOps()).isEqualTo(0);
        assertThat(interest(socket)).isEqualTo(OP_READ);
    }

    @Test
    void whatIsAskedForMeanwhileIsTakenInTogether() throws IOException {
        NioSocket socket = connected();
        socket.watch(selector, this);
        socket.want(false);
        socket.want(false);
        socket.want(true);
        assertThat(interest(socket)).isEqualTo(OP_READ | OP_WRITE);
    }

    @Test
    void aListenerAsksForConnections() throws IOException {
        NioSocket socket = new NioSocket(listener(0), StandardProtocolFamily.INET);
        socket.watch(selector, this);
        socket.want(false);
        assertThat(interest(socket)).isEqualTo(OP_ACCEPT);
    }

    @Test
    void whatWasWantedBeforeTheWatchIsAskedForThen() throws IOException {
        NioSocket socket = connected();
        socket.want(true);
        assertThat(socket.takeIn()).isTrue();
        assertThat(socket.watch(selector, this)).isTrue();
        assertThat(interest(socket)).isEqualTo(OP_WRITE);
    }

    @Test
    void aPendingConnectIsNoLongerAskedForOnceItStands() throws IOException {
        ServerSocketChannel listener = listener(1);
        NioSocket socket = pending(listener);
        socket.watch(selector, this);
        socket.want(true);
        assertThat(interest(socket)).isEqualTo(OP_CONNECT);
        socket.want(true); // Taken in below, too late.
        assertThat(socket.finishConnect()).isFalse();
        while (!socket.finishConnect()) {
            SocketChannel early = listener.accept();
            if (early != null) {
                early.close();
            }
        }
        // Nothing was selected meanwhile, as when a wait ends by its deadline.
        assertThat(interest(socket)).isEqualTo(0);
        socket.want(true);
        assertThat(interest(socket)).isEqualTo(OP_WRITE);
        assertThat(socket.finishConnect()).isTrue();
    }

    @Test
    void aClosedChannelCannotBeAskedFor() throws IOException {
        NioSocket socket = connected();
        socket.watch(selector, this);
        socket.channel().close();
        socket.want(false);
        assertThat(socket.takeIn()).isFalse();
        assertThat(socket.attachment()).isSameAs(this);
    }

    @Test
    void leavingTakesASelect() throws IOException {
        NioSocket socket = connected();
        assertThat(socket.unwatch()).isFalse();
        socket.watch(selector, this);
        assertThat(socket.unwatch()).isTrue();
        selector.selectNow();
        assertThat(socket.unwatch()).isFalse();
    }

    /** Once the polling thread has taken in what is wanted. */
    private int interest(NioSocket socket) {
        assertThat(socket.takeIn()).isTrue();
        return socket.channel().keyFor(selector).interestOps();
    }

    private ServerSocketChannel listener(int backlog) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.INET);
        opened.add(listener);
        listener.configureBlocking(false);
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), backlog);
        return listener;
    }

    private NioSocket connected() throws IOException {
        NioSocket socket = dialing(listener(0));
        while (!socket.finishConnect()) {
            Thread.onSpinWait();
        }
        return socket;
    }

    /** One more than the backlog takes. */
    private NioSocket pending(ServerSocketChannel listener) throws IOException {
        NioSocket socket;
        do {
            socket = dialing(listener);
        } while (socket.finishConnect());
        return socket;
    }

    private NioSocket dialing(ServerSocketChannel listener) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.INET);
        opened.add(channel);
        channel.configureBlocking(false);
        channel.connect(listener.getLocalAddress());
        return new NioSocket(channel, StandardProtocolFamily.INET);
    }
}
