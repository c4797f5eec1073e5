package heddle.net;

import java.io.IOException;
import java.time.Duration;

/** Listens and dials with the defaults of {@link ListenConfig} and {@link Dialer}. */
public final class Net {

    private Net() {}

    /**
     * Listens; {@link ListenConfig#listen}.
     *
     * @param network {@code tcp}, {@code tcp4} or {@code tcp6}
     * @param address {@code host:port}; {@code :8080} for all of this machine's addresses, port 0 for a free one
     * @return the listener
     * @throws IOException as there
     */
    public static Listener listen(String network, String address) throws IOException {
        return new ListenConfig().listen(network, address);
    }

    /**
     * Connects; {@link Dialer#dial}.
     *
     * @param network {@code tcp}, {@code tcp4} or {@code tcp6}
     * @param address {@code host:port}
     * @return the connection
     * @throws IOException as there
     */
    public static Conn dial(String network, String address) throws IOException {
        return new Dialer().dial(network, address);
    }

    /**
     * Connects within {@code timeout}; {@link Dialer#dial}.
     *
     * @param network {@code tcp}, {@code tcp4} or {@code tcp6}
     * @param address {@code host:port}
     * @param timeout for the name lookup and all addresses together; zero stands for none, negative fails at once
     * @return the connection
     * @throws IOException as there
     */
    public static Conn dial(String network, String address, Duration timeout) throws IOException {
        return new Dialer().timeout(timeout).dial(network, address);
    }
}
