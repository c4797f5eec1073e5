package heddle.gateway;

import heddle.gateway.access.Access;
import heddle.gateway.access.Tokens;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The limits of a {@link Gateway}. Immutable: each setter returns a changed copy, and refuses what makes no sense by an
 * IllegalArgumentException.
 */
public final class GatewayOptions {

    int frameBytesMax = 1 << 20;
    int connectionsMax = 100_000;
    int inFlightMax = 8192;
    Duration handshakeTimeout = Duration.ofSeconds(10);
    Duration stallTimeout = Duration.ofSeconds(30);
    Duration idleTimeout = Duration.ofMinutes(5);
    Duration drainTimeout = Duration.ofSeconds(10);
    Access access = Access.OPEN;

    /** The limits of the protocol's description, and no token. */
    public GatewayOptions() {}

    private GatewayOptions(GatewayOptions other) {
        frameBytesMax = other.frameBytesMax;
        connectionsMax = other.connectionsMax;
        inFlightMax = other.inFlightMax;
        handshakeTimeout = other.handshakeTimeout;
        stallTimeout = other.stallTimeout;
        idleTimeout = other.idleTimeout;
        drainTimeout = other.drainTimeout;
        access = other.access;
    }

    /**
     * The largest frame, its length field included; 1 MiB unless set.
     *
     * @param bytes 13 or more
     * @return the changed copy
     */
    public GatewayOptions frameBytesMax(int bytes) {
        var changed = new GatewayOptions(this);
        changed.frameBytesMax = Checked.atLeast(13, "frameBytesMax", bytes);
        return changed;
    }

    /**
     * Most connections at a time; 100,000 unless set. Further ones wait in the kernel's backlog.
     *
     * @param connections 1 or more
     * @return the changed copy
     */
    public GatewayOptions connectionsMax(int connections) {
        var changed = new GatewayOptions(this);
        changed.connectionsMax = Checked.atLeast(1, "connectionsMax", connections);
        return changed;
    }

    /**
     * Most submits of one connection that are not settled yet; 8,192 unless set. At the bound the connection is not
     * read.
     *
     * @param submits 1 or more
     * @return the changed copy
     */
    public GatewayOptions inFlightMax(int submits) {
        var changed = new GatewayOptions(this);
        changed.inFlightMax = Checked.atLeast(1, "inFlightMax", submits);
        return changed;
    }

    /**
     * How long a client may take to introduce itself; 10 s unless set.
     *
     * @param timeout from the accept on
     * @return the changed copy
     */
    public GatewayOptions handshakeTimeout(Duration timeout) {
        var changed = new GatewayOptions(this);
        changed.handshakeTimeout = Checked.positive("handshakeTimeout", timeout);
        return changed;
    }

    /**
     * How long a client may be silent within a frame, or leave its acks unread; 30 s unless set.
     *
     * @param timeout from the last byte on
     * @return the changed copy
     */
    public GatewayOptions stallTimeout(Duration timeout) {
        var changed = new GatewayOptions(this);
        changed.stallTimeout = Checked.positive("stallTimeout", timeout);
        return changed;
    }

    /**
     * How long a client may be silent between frames; 5 minutes unless set.
     *
     * @param timeout from the last frame on
     * @return the changed copy
     */
    public GatewayOptions idleTimeout(Duration timeout) {
        var changed = new GatewayOptions(this);
        changed.idleTimeout = Checked.positive("idleTimeout", timeout);
        return changed;
    }

    /**
     * How long a connection that comes to its end waits for what is still in the sink; 10 s unless set.
     *
     * @param timeout from the last frame read
     * @return the changed copy
     */
    public GatewayOptions drainTimeout(Duration timeout) {
        var changed = new GatewayOptions(this);
        changed.drainTimeout = Checked.notNegative("drainTimeout", timeout);
        return changed;
    }

    /**
     * Who may, and how much; everybody, and all, unless set. {@link Gateway#reload} changes it.
     *
     * @param who that
     * @return the changed copy
     */
    public GatewayOptions access(Access who) {
        var changed = new GatewayOptions(this);
        changed.access = Objects.requireNonNull(who);
        return changed;
    }

    /**
     * One token that each client must send after its name, whatever that is. Changes {@link #access}.
     *
     * @param secret the token, null for none
     * @return the changed copy
     */
    @SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
    public GatewayOptions token(@Nullable String secret) {
        return access(access.tokens(secret == null ? Tokens.NONE : Tokens.any(secret)));
    }
}
