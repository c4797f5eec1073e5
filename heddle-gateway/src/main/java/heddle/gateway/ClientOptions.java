package heddle.gateway;

import heddle.net.Heddle;
import heddle.tls.TlsContext;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Client} behaves. Immutable: each setter returns a changed copy, and refuses what makes no sense by an
 * IllegalArgumentException.
 */
public final class ClientOptions {

    Heddle runtime = Heddle.shared();
    String name = "";

    @Nullable
    String token;

    @Nullable
    TlsContext tls;

    int frameBytesMax = 1 << 20;
    int inFlightMax = 8192;
    long inFlightBytesMax = 16 << 20;
    boolean resend;
    boolean once;
    boolean sharedStore;
    boolean reconnect = true;
    Duration connectTimeout = Duration.ofSeconds(10);
    Duration reconnectTimeout = Duration.ofSeconds(30);
    Duration ackTimeout = Duration.ofSeconds(60);
    Duration closeTimeout = Duration.ofSeconds(5);

    /** No name, no token, the protocol's frame limit; what was not acknowledged is reported. */
    public ClientOptions() {}

    private ClientOptions(ClientOptions other) {
        runtime = other.runtime;
        name = other.name;
        token = other.token;
        tls = other.tls;
        frameBytesMax = other.frameBytesMax;
        inFlightMax = other.inFlightMax;
        inFlightBytesMax = other.inFlightBytesMax;
        resend = other.resend;
        once = other.once;
        sharedStore = other.sharedStore;
        reconnect = other.reconnect;
        connectTimeout = other.connectTimeout;
        reconnectTimeout = other.reconnectTimeout;
        ackTimeout = other.ackTimeout;
        closeTimeout = other.closeTimeout;
    }

    /**
     * Which runtime connects, and whose clock the times here go by; {@link Heddle#shared} unless set.
     *
     * @param heddle the runtime, which must stay open as long as the client
     * @return the changed copy
     */
    public ClientOptions runtime(Heddle heddle) {
        var changed = new ClientOptions(this);
        changed.runtime = heddle;
        return changed;
    }

    /**
     * Who the client says it is; empty unless set.
     *
     * @param clientName at most 255 bytes of UTF-8, no zero byte
     * @return the changed copy
     */
    public ClientOptions name(String clientName) {
        var changed = new ClientOptions(this);
        changed.name = clientName;
        return changed;
    }

    /**
     * What the server wants to know; nothing unless set.
     *
     * @param secret the token, null for none
     * @return the changed copy
     */
    @SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
    public ClientOptions token(@Nullable String secret) {
        var changed = new ClientOptions(this);
        changed.token = secret;
        return changed;
    }

    /**
     * Has the client speak TLS with each of its servers; in the clear unless set. A server is believed if its
     * certificate is for the host that its address names, as {@link heddle.tls.TlsConfig#anyHost} says; one that is not
     * counts as one that is away. A context with a certificate shows it to servers that ask. {@link TlsContext#reload}
     * has later connections use the files that are there then.
     *
     * @param context how, null for in the clear
     * @return the changed copy
     */
    @SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
    public ClientOptions tls(@Nullable TlsContext context) {
        var changed = new ClientOptions(this);
        changed.tls = context;
        return changed;
    }

    /**
     * The largest frame, the server's limit; 1 MiB unless set. A message is at least 13 bytes smaller.
     *
     * @param bytes 13 or more
     * @return the changed copy
     */
    public ClientOptions frameBytesMax(int bytes) {
        var changed = new ClientOptions(this);
        changed.frameBytesMax = Checked.atLeast(13, "frameBytesMax", bytes);
        return changed;
    }

    /**
     * The bounds on what is submitted and not settled; 8,192 messages and 16 MiB unless set. At a bound submit waits.
     * One message is always let through.
     *
     * @param messages 1 or more, rounded up to a power of two
     * @param bytes of their payloads
     * @return the changed copy
     */
    public ClientOptions inFlight(int messages, long bytes) {
        var changed = new ClientOptions(this);
        changed.inFlightMax = Checked.atLeast(1, "inFlight messages", messages);
        changed.inFlightBytesMax = Checked.atLeast(1, "inFlight bytes", bytes);
        return changed;
    }

    /**
     * What happens to messages in flight when their connection is lost: sent again over the next one, which may
     * duplicate them but never loses them, and reported only after {@link #reconnectTimeout}; or, unless set, reported
     * as {@link Result#UNKNOWN} at once.
     *
     * @param again whether to send them again; the client then keeps a copy of each until its ack
     * @return the changed copy
     */
    public ClientOptions resend(boolean again) {
        var changed = new ClientOptions(this);
        changed.resend = again;
        return changed;
    }

    /**
     * Whether each message is kept exactly once, whatever breaks: the connection, the server's process, or, if the
     * server promises so, its machine. Needs a {@link #name}, which no other client uses at the same time, and a server
     * of version 1.1. What was not acknowledged is sent again, as with {@link #resend}, and the server drops what it
     * has already. So is what is answered {@link Result#OVERLOADED}, {@link Result#NOT_STORED}, {@link
     * Result#OUT_OF_SEQUENCE} or {@link Result#IN_DOUBT}; the outcome is not told. {@link Result#TAKEN_OVER} ends the
     * client.
     *
     * <p>A message that is settled as {@link Result#UNKNOWN}, as after {@link #reconnectTimeout}, may be kept: {@link
     * Client#highest} of the next connection tells.
     *
     * @param each whether to do so; the client then keeps a copy of each message until its ack
     * @return the changed copy
     */
    public ClientOptions once(boolean each) {
        var changed = new ClientOptions(this);
        changed.once = each;
        return changed;
    }

    /**
     * Says that all servers of this client keep what they take, and the numbers of each client, at one place, as
     * gateways do that feed one Kafka cluster. Needed for {@link #once} over several servers, and without effect
     * otherwise.
     *
     * <p>Servers with a store each have numbers each. A client that sent once to one of them, and then to another,
     * would go on there behind the highest number of that one: what the first has kept without an ack would be there
     * twice, and what the second counts as kept, as it has the number, would be missing. So a client that is to send
     * once to several servers is refused unless this is set; and a host name is taken for one server's, though it has
     * several addresses. To move a client from one store to another, have all settled ({@link Client#awaitSettled}),
     * close it, and begin with a new one: its numbers begin where the other store has them, {@link Client#highest}.
     *
     * @param one whether it is so; false unless set
     * @return the changed copy
     */
    public ClientOptions sharedStore(boolean one) {
        var changed = new ClientOptions(this);
        changed.sharedStore = one;
        return changed;
    }

    /** Whether it does not matter which of several servers, or of several addresses of a name, is used. */
    boolean mayChooseServer() {
        return !once || sharedStore;
    }

    /**
     * Whether the client connects anew, when there is something to send, after its connection has ended; true unless
     * set. A client that {@link #resend}s, or sends {@link #once}, does so whatever is set here. One that does not
     * tells the end by {@link Outcome#lost}, and every later submit throws it.
     *
     * @param anew false for one connection only
     * @return the changed copy
     */
    public ClientOptions reconnect(boolean anew) {
        var changed = new ClientOptions(this);
        changed.reconnect = anew;
        return changed;
    }

    /**
     * How long one attempt to connect, shake hands if {@link #tls} is set, and be introduced may take; 10 s unless set.
     *
     * @param timeout for all together
     * @return the changed copy
     */
    public ClientOptions connectTimeout(Duration timeout) {
        var changed = new ClientOptions(this);
        changed.connectTimeout = Checked.positive("connectTimeout", timeout);
        return changed;
    }

    /**
     * With {@link #resend} or {@link #once}: how long attempts to connect are repeated; 30 s unless set. All servers
     * are tried in turn, then comes a pause of chance, below 20 ms at first and below 2 s at last. A round that is
     * under way when the time is over is gone through to its end. A connection that brings no ack counts as a failed
     * attempt; an ack makes the time start anew. A message at which three
     * connections in a row end, as the server takes no frame of its size, is settled as {@link Result#NOT_TAKEN}, and
     * the time starts anew too.
     *
     * @param timeout from the first attempt since the last ack on
     * @return the changed copy
     */
    public ClientOptions reconnectTimeout(Duration timeout) {
        var changed = new ClientOptions(this);
        changed.reconnectTimeout = Checked.notNegative("reconnectTimeout", timeout);
        return changed;
    }

    /**
     * How long the server may be silent while it owes acks, or not read what is sent; 60 s unless set. Then the
     * connection is given up as lost.
     *
     * @param timeout from the last byte on
     * @return the changed copy
     */
    public ClientOptions ackTimeout(Duration timeout) {
        var changed = new ClientOptions(this);
        changed.ackTimeout = Checked.positive("ackTimeout", timeout);
        return changed;
    }

    /**
     * How long {@link Client#close} waits for the server to close too; 5 s unless set.
     *
     * @param timeout from the half-close on
     * @return the changed copy
     */
    public ClientOptions closeTimeout(Duration timeout) {
        var changed = new ClientOptions(this);
        changed.closeTimeout = Checked.notNegative("closeTimeout", timeout);
        return changed;
    }
}
