package heddle.net;

import heddle.internal.fd.Descriptor;
import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketOption;
import heddle.internal.socket.TcpStat;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A connection of TCP. Thread-safe as {@link Conn} says. */
public final class TcpConn extends SocketConn {

    private final SockAddr local;
    private final SockAddr remote;

    TcpConn(Heddle heddle, Descriptor descriptor, String network, SockAddr local, SockAddr remote) {
        this.local = local;
        this.remote = remote;
        super(heddle, descriptor, network); // From here on dumps may name it.
    }

    /**
     * What {@link #close} does with bytes that are not sent yet, in place of sending them in the background; SO_LINGER,
     * socket(7).
     *
     * @param limit zero: drops them and resets the connection; more: waits for them so long, rounded up to seconds, a
     *     wait that holds a platform thread
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno
     */
    public void setLinger(Duration limit) throws IOException {
        if (limit.isNegative()) {
            throw new IllegalArgumentException("linger " + limit + ": want zero or more");
        }
        setOption(SocketOption.LINGER, OptionValues.roundedUp(limit, TimeUnit.SECONDS));
    }

    /**
     * Lets {@link #close} send in the background what is not sent yet: the default, before and after {@link
     * #setLinger}.
     *
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno
     */
    public void clearLinger() throws IOException {
        setOption(SocketOption.LINGER, -1);
    }

    /**
     * Whether small writes are sent at once (the default) or gathered until the peer acknowledged; TCP_NODELAY, tcp(7).
     *
     * @param atOnce true to send at once
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno
     */
    public void setNoDelay(boolean atOnce) throws IOException {
        setOption(SocketOption.NO_DELAY, atOnce ? 1 : 0);
    }

    /**
     * Sets keep-alive; {@link KeepAlive}.
     *
     * @param keepAlive the setting
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno
     */
    public void setKeepAlive(KeepAlive keepAlive) throws IOException {
        if (!keepAlive.isOn()) {
            setOption(SocketOption.KEEP_ALIVE, 0);
        }
        for (Map.Entry<SocketOption, Integer> option : keepAlive.options().entrySet()) {
            setOption(option.getKey(), option.getValue());
        }
    }

    /**
     * How long sent data may stay unacknowledged before the kernel breaks the connection; TCP_USER_TIMEOUT, tcp(7). Not
     * in {@link heddle.net##ways way nio}.
     *
     * @param limit more than zero, rounded up to milliseconds
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno; ENOPROTOOPT in {@link heddle.net##ways way nio}
     */
    public void setUserTimeout(Duration limit) throws IOException {
        OptionValues.positive("user timeout", limit);
        setUserTimeout(OptionValues.roundedUp(limit, TimeUnit.MILLISECONDS));
    }

    /**
     * Goes by the system's own limit, as before {@link #setUserTimeout}.
     *
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno; ENOPROTOOPT in {@link heddle.net##ways way nio}
     */
    public void clearUserTimeout() throws IOException {
        setUserTimeout(0);
    }

    private void setUserTimeout(int millis) throws IOException {
        check("set", "setsockopt TCP_USER_TIMEOUT", descriptor().setOption(SocketOption.USER_TIMEOUT, millis));
    }

    /**
     * How long sent data may stay unacknowledged; {@link #setUserTimeout}.
     *
     * @return whole milliseconds; empty for the system's own limit
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno; ENOPROTOOPT in {@link heddle.net##ways way nio}
     */
    public Optional<Duration> userTimeout() throws IOException {
        int millis = descriptor().option(SocketOption.USER_TIMEOUT);
        check("get", "getsockopt TCP_USER_TIMEOUT", millis);
        return millis == 0 ? Optional.empty() : Optional.of(Duration.ofMillis(millis));
    }

    /**
     * What the kernel knows of the connection now: its state, round trips, losses, bytes. One system call. Not in
     * {@link heddle.net##ways way nio}.
     *
     * @return a snapshot
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno; ENOPROTOOPT in {@link heddle.net##ways way nio}
     */
    public TcpInfo info() throws IOException {
        Map<TcpStat, Long> stats = new EnumMap<>(TcpStat.class);
        check("get", "getsockopt TCP_INFO", descriptor().tcpInfo(stats));
        return TcpInfo.of(stats);
    }

    @Override
    public TcpAddr localAddress() {
        return new TcpAddr(local);
    }

    @Override
    public TcpAddr remoteAddress() {
        return new TcpAddr(remote);
    }
}
