package heddle.net;

import java.io.Serializable;

/**
 * The address of one end of a connection or of a listener. Immutable; {@code toString()} is the form that {@link
 * Net#dial(String, String)} takes.
 */
public sealed interface Addr extends Serializable permits TcpAddr, UnixAddr, PipeAddr {

    /**
     * The network's name: {@code tcp}, {@code unix}, {@code unixpacket} or {@code pipe}.
     *
     * @return the name
     */
    String network();
}
