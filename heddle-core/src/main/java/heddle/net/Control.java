package heddle.net;

import java.io.IOException;

/**
 * A hook that sees each socket after it was made and before it is bound or connected: the place for options without a
 * method.
 */
@FunctionalInterface
public interface Control {

    /**
     * Called once for each attempted address, before the socket is bound or connected. On the dialing or listening
     * thread; where several addresses are tried at a time, on a virtual thread of the attempt's own, which inherits the
     * dialing thread's inheritable thread locals, for several at once, and interrupted when another connection stands.
     *
     * @param network the concrete network: {@code tcp4}, {@code tcp6}, {@code unix} or {@code unixpacket}
     * @param address the address to bind or connect to
     * @param socket the socket; valid during the call only
     * @throws IOException ends this attempt; surfaces from dial or listen as the cause
     */
    void control(String network, Addr address, RawSocket socket) throws IOException;
}
