package heddle.net;

import java.io.IOException;
import java.time.Duration;

/** Listens and dials by {@link Heddle#shared}, with the defaults of {@link ListenConfig} and {@link Dialer}. */
public final class Net {

    private Net() {}

    /**
     * Listens; {@link ListenConfig#listen}.
     *
     * @param network {@code tcp}, {@code tcp4}, {@code tcp6}, {@code unix} or {@code unixpacket}
     * @param address {@code host:port}; {@code :8080} for all of this machine's addresses, port 0 for a free one; a
     *     path for the last two
     * @return the listener
     * @throws IOException as there
     */
    public static Listener listen(String network, String address) throws IOException {
        return new ListenConfig().listen(network, address);
    }

    /**
     * Connects; {@link Dialer#dial}.
     *
     * @param network {@code tcp}, {@code tcp4}, {@code tcp6}, {@code unix} or {@code unixpacket}
     * @param address {@code host:port}; a path for the last two
     * @return the connection
     * @throws IOException as there
     */
    public static SocketConn dial(String network, String address) throws IOException {
        return new Dialer().dial(network, address);
    }

    /**
     * Connects within {@code timeout}; {@link Dialer#dial}.
     *
     * @param network {@code tcp}, {@code tcp4}, {@code tcp6}, {@code unix} or {@code unixpacket}
     * @param address {@code host:port}; a path for the last two
     * @param timeout for the name lookup and all addresses together; zero or less is over at once
     * @return the connection
     * @throws IOException as there
     */
    public static SocketConn dial(String network, String address, Duration timeout) throws IOException {
        return new Dialer().timeout(timeout).dial(network, address);
    }

    /**
     * Two connected ends in memory, without the system: what one writes the other reads, straight from the writer's
     * buffer. Nothing is buffered between them. A write waits until readers have taken all of it; an empty write waits
     * for a reader too, or for an {@link Conn#awaitReadable}. Buffers must be accessible to any thread. Good for tests
     * of protocols.
     *
     * @return both ends
     */
    public static Pipe pipe() {
        return Heddle.shared().pipe();
    }
}
