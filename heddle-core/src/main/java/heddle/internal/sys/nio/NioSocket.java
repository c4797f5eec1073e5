package heddle.internal.sys.nio;

import heddle.internal.socket.SocketName;
import heddle.internal.sys.Syscalls;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NetworkChannel;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What a number of {@link NioSyscalls} stands for: a non-blocking channel, its place in a selector, and what the kernel
 * would keep for it but the JDK does not. Any thread; at most one waits for each direction.
 *
 * Interest is one-shot, the opposite of epoll's edges: {@link #want} asks for one direction, whoever reports it takes
 * it back. The JDK asks the system anew for each, so what is ready already is reported too.
 *
 * 1. OP_CONNECT is in the interest only while the connection is pending: the selector would find a connected channel
 *    writable again and again, and report nothing.
 *
 * 2. Only the polling thread adds interest to the key. For that the JDK's selector takes a lock, which it holds while
 *    it tells the system of all new interest; virtual threads that had to wait for it waited for seconds, as others
 *    came in between again and again.
 *
 * Ordering: want() stores {@code wanted}, then its caller reads the key; watch() stores the key, then reads wanted: one
 * of the two calls for takeIn(), which takes what is wanted. takeIn() adds OP_CONNECT, then looks whether the
 * connection is pending; finishConnect() ends that, then drops the interest.
 */
public final class NioSocket {

    private static final int NOTHING = 1 << 8;

    private final SelectableChannel channel;
    private final StandardProtocolFamily family;

    /** Its place in the selector. Written once by the thread that registers it, read by any. */
    private volatile @Nullable SelectionKey key;

    /** What waiters want and the key does not have yet. Added to by them, taken by the polling thread. */
    private final AtomicInteger wanted = new AtomicInteger();

    /** SO_ERROR: the errno of a connect that failed in the background. */
    private final AtomicInteger pendingError = new AtomicInteger();

    /**
     * What {@link #look} found and the next read has yet to give: a byte, -errno, or {@link #NOTHING}. Guarded by the
     * descriptor's read lock.
     */
    private int ahead = NOTHING;

    /**
     * Where a listener will be bound; see {@link NioSyscalls#bind}. Written by its maker before it is anybody else's.
     */
    private volatile @Nullable SocketName bindAddress;

    NioSocket(SelectableChannel channel, StandardProtocolFamily family) {
        this.channel = channel;
        this.family = family;
    }

    SelectableChannel channel() {
        return channel;
    }

    /** The channel for its name and options, which both kinds have. */
    NetworkChannel network() {
        return (NetworkChannel) channel;
    }

    /** The channel for a transfer. */
    SocketChannel stream() {
        if (channel instanceof SocketChannel stream) {
            return stream;
        }
        throw new NotYetConnectedException(); // a listener: ENOTCONN, as the kernel has it
    }

    boolean isListener() {
        return channel instanceof ServerSocketChannel;
    }

    StandardProtocolFamily family() {
        return family;
    }

    @Nullable
    SocketName bindAddress() {
        return bindAddress;
    }

    void bindAddress(SocketName address) {
        bindAddress = address;
    }

    /** {@link NioSyscalls#poll}, which the JDK has no call for: the next byte is read, and kept for the next read. */
    int look() {
        if (ahead == NOTHING) {
            ByteBuffer one = ByteBuffer.allocate(1);
            try {
                int n = stream().read(one);
                if (n < 0) {
                    return Syscalls.READABLE | Syscalls.PEER_CLOSED;
                }
                if (n == 0) {
                    return 0;
                }
                ahead = one.get(0) & 0xff;
            } catch (IOException | RuntimeException failure) {
                ahead = -ExceptionErrno.of(failure);
            }
        }
        return ahead < 0 ? Syscalls.READABLE | Syscalls.PEER_CLOSED : Syscalls.READABLE;
    }

    boolean hasAhead() {
        return ahead != NOTHING;
    }

    /** Reads into {@code buffer}, what {@link #look} has kept first: bytes, or -errno. Something was kept. */
    int readAhead(ByteBuffer buffer) {
        int first = ahead;
        if (first >= 0) {
            buffer.put((byte) first); // Before it is forgotten: the memory may refuse it.
        }
        ahead = NOTHING;
        if (first < 0) {
            return first;
        }
        if (buffer.hasRemaining()) {
            try {
                return 1 + Math.max(0, stream().read(buffer));
            } catch (IOException | RuntimeException failure) {
                ahead = -ExceptionErrno.of(failure);
            }
        }
        return 1;
    }

    /** Takes SO_ERROR. */
    int takePendingError() {
        return pendingError.getAndSet(0);
    }

    /** Whether the connection stands, after a look at whether it does by now. A failure becomes SO_ERROR. */
    boolean finishConnect() {
        SocketChannel stream = stream();
        if (!stream.isConnectionPending()) {
            return stream.isConnected();
        }
        try {
            if (!stream.finishConnect()) {
                return false;
            }
        } catch (ClosedChannelException closed) {
            return false; // By this side, or by a failure that another thread was told and records.
        } catch (IOException | RuntimeException failure) {
            pendingError.set(ExceptionErrno.of(failure));
            return false;
        }
        dropInterest(SelectionKey.OP_CONNECT); // a wait that ended by its deadline left it there
        return true;
    }

    /**
     * Enters {@code selector}, at first without interest.
     *
     * @return whether somebody wants something already
     */
    public boolean watch(Selector selector, Object attachment) throws ClosedChannelException {
        key = channel.register(selector, 0, attachment);
        return wanted.get() != 0;
    }

    /**
     * Asks for one report that {@code write}, or else reading, may be tried. {@link #takeIn} must follow; where there
     * is no {@link #attachment} yet, who calls {@link #watch} sees to that.
     */
    public void want(boolean write) {
        wanted.accumulateAndGet(interest(write), (seen, more) -> seen | more);
    }

    /**
     * Adds to the interest what is wanted. By the polling thread.
     *
     * @return false if the channel was closed, as the JDK does when a connect fails: the next call tells why
     */
    public boolean takeIn() {
        SelectionKey entered = key;
        if (entered == null) {
            return true; // watch() will find it.
        }
        int interest = wanted.getAndSet(0);
        try {
            entered.interestOpsOr(interest);
            if ((interest & SelectionKey.OP_CONNECT) != 0 && !stream().isConnectionPending()) {
                dropInterest(SelectionKey.OP_CONNECT);
            }
            return true;
        } catch (CancelledKeyException closed) {
            return false;
        }
    }

    /** What {@link #watch} was given; null before. */
    public @Nullable Object attachment() {
        SelectionKey entered = key;
        return entered == null ? null : entered.attachment();
    }

    private int interest(boolean write) {
        if (channel instanceof SocketChannel stream) {
            if (write) {
                return stream.isConnectionPending() ? SelectionKey.OP_CONNECT : SelectionKey.OP_WRITE;
            }
            return SelectionKey.OP_READ;
        }
        return SelectionKey.OP_ACCEPT;
    }

    private void dropInterest(int interest) {
        SelectionKey entered = key;
        if (entered != null) {
            try {
                entered.interestOpsAnd(~interest);
            } catch (CancelledKeyException gone) {
                // And the interest with it.
            }
        }
    }

    /**
     * Begins to leave the selector.
     *
     * @return whether the channel is in a selector until that selects the next time
     */
    public boolean unwatch() {
        SelectionKey entered = key;
        if (entered == null) {
            return false;
        }
        entered.cancel();
        return channel.isRegistered();
    }
}
