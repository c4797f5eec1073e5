package heddle.gateway;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The limits of a {@link Gateway}. Set them, then make the gateway, which reads them as they are then. One thread.
 */
public final class GatewayOptions {

    int frameBytesMax = 1 << 20;
    int connectionsMax = 100_000;
    int inFlightMax = 8192;
    Duration handshakeTimeout = Duration.ofSeconds(10);
    Duration stallTimeout = Duration.ofSeconds(30);
    Duration idleTimeout = Duration.ofMinutes(5);
    Duration drainTimeout = Duration.ofSeconds(10);
    byte @Nullable [] token;

    /** The limits of the protocol's description, and no token. */
    public GatewayOptions() {}

    /**
     * The largest frame, its length field included; 1 MiB unless set.
     *
     * @param bytes 13 or more
     * @return this
     */
    public GatewayOptions frameBytesMax(int bytes) {
        frameBytesMax = bytes;
        return this;
    }

    /**
     * Most connections at a time; 100,000 unless set. Further ones wait in the kernel's backlog.
     *
     * @param connections 1 or more
     * @return this
     */
    public GatewayOptions connectionsMax(int connections) {
        connectionsMax = connections;
        return this;
    }

    /**
     * Most submits of one connection that are not settled yet; 8,192 unless set. At the bound the connection is not read.
     *
     * @param submits 1 or more
     * @return this
     */
    public GatewayOptions inFlightMax(int submits) {
        inFlightMax = submits;
        return this;
    }

    /**
     * How long a client may take to introduce itself; 10 s unless set.
     *
     * @param timeout from the accept on
     * @return this
     */
    public GatewayOptions handshakeTimeout(Duration timeout) {
        handshakeTimeout = timeout;
        return this;
    }

    /**
     * How long a client may be silent within a frame, or leave its acks unread; 30 s unless set.
     *
     * @param timeout from the last byte on
     * @return this
     */
    public GatewayOptions stallTimeout(Duration timeout) {
        stallTimeout = timeout;
        return this;
    }

    /**
     * How long a client may be silent between frames; 5 minutes unless set.
     *
     * @param timeout from the last frame on
     * @return this
     */
    public GatewayOptions idleTimeout(Duration timeout) {
        idleTimeout = timeout;
        return this;
    }

    /**
     * How long a connection that comes to its end waits for what is still in the sink; 10 s unless set.
     *
     * @param timeout from the last frame read
     * @return this
     */
    public GatewayOptions drainTimeout(Duration timeout) {
        drainTimeout = timeout;
        return this;
    }

    /**
     * What each client must send after its name; nothing unless set.
     *
     * @param secret the token, null for none
     * @return this
     */
    @SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
    public GatewayOptions token(@Nullable String secret) {
        token = secret == null ? null : secret.getBytes(StandardCharsets.UTF_8);
        return this;
    }
}
