package heddle.net;

import heddle.internal.fd.Descriptor;
import heddle.internal.sys.SockAddr;
import heddle.internal.sys.SocketOption;
import heddle.internal.sys.TcpStat;

import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
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
     * What {@link #close} does with bytes that are not sent yet; SO_LINGER, socket(7).
     *
     * @param seconds negative: sends them in the background, the default; 0: drops them and resets the connection; more: waits for them so
     *     long, a wait that holds a platform thread
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno
     */
    public void setLinger(int seconds) throws IOException {
        setOption(SocketOption.LINGER, seconds);
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
        setOption(SocketOption.KEEP_ALIVE, keepAlive.enabled() ? 1 : 0);
        if (keepAlive.enabled()) {
            setUnlessNegative(SocketOption.KEEP_IDLE, keepAlive.idleSeconds());
            setUnlessNegative(SocketOption.KEEP_INTERVAL, keepAlive.intervalSeconds());
            setUnlessNegative(SocketOption.KEEP_COUNT, keepAlive.probes());
        }
    }

    private void setUnlessNegative(SocketOption option, int value) throws IOException {
        if (value >= 0) {
            setOption(option, value);
        }
    }

    /**
     * How long sent data may stay unacknowledged before the kernel breaks the connection; TCP_USER_TIMEOUT, tcp(7). Not in
     * {@link heddle.net##ways way nio}.
     *
     * @param limit rounded up to milliseconds; zero for the system's own limit
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno; ENOPROTOOPT in {@link heddle.net##ways way nio}
     */
    public void setUserTimeout(Duration limit) throws IOException {
        int millis = SocketOptions.roundedUp(limit, TimeUnit.MILLISECONDS);
        check(
                "set",
                "setsockopt TCP_USER_TIMEOUT",
                descriptor().setOption(SocketOption.USER_TIMEOUT, millis));
    }

    /**
     * How long sent data may stay unacknowledged; {@link #setUserTimeout}.
     *
     * @return whole milliseconds; zero for the system's own limit
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno; ENOPROTOOPT in {@link heddle.net##ways way nio}
     */
    public Duration userTimeout() throws IOException {
        int millis = descriptor().option(SocketOption.USER_TIMEOUT);
        check("get", "getsockopt TCP_USER_TIMEOUT", millis);
        return Duration.ofMillis(millis);
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
