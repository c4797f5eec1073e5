package heddle.gateway;

import heddle.gateway.access.Access;
import heddle.gateway.access.Access.Credential;
import heddle.gateway.access.Access.Verdict;
import heddle.gateway.access.Bounds;
import heddle.gateway.access.Limits;
import heddle.gateway.access.Tokens;
import heddle.net.Conn;
import heddle.net.TcpAddr;
import heddle.tls.TlsSession;
import java.net.InetAddress;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// One connection as [Reception] sees it: from where it comes, who it says it is, and what it takes.
///
///     arrived     its address is known; at its bounds it is refused
///     introduced  its name is known, and what it has shown for it
///     left        what it had is given back, but for bytes in flight, which are given back as they are settled
///
///     arrived    -> introduced  introduce()  the connection's thread
///     any        -> left        leave()      the same; or the accepting one, of who is refused
///
/// A change of the access, from any thread, closes the connection if it is no longer allowed.
final class Guest {

    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Why a client is not let in, and what it is answered. */
    record Refusal(Counter counter, int result) {}

    /** Who it is. */
    private record Identity(String name, long key, Shares<String>.Share share, Credential credential) {}

    private final long id;
    private final Instant since;
    private final Reception reception;
    private final Conn conn;
    private final InFlight inFlight = new InFlight();

    /** Null where it comes from no network, as over a pipe. */
    private final @Nullable InetAddress host;

    private final long addressKey;

    /** Whether that is one of this machine's own. */
    private final boolean loopback;

    // The bounds now, made once, as each message asks.
    private final LongSupplier clientBytesMax;
    private final LongSupplier addressBytesMax;

    private final AtomicBoolean revoked = new AtomicBoolean();

    /** Of the thread that arrives, which starts the connection's. */
    private Shares<Long>.@Nullable Share address;

    /** What its certificate says. Written by the connection's thread. */
    private volatile Credential shown = Credential.NONE;

    private volatile boolean secured;

    /** Null before it is introduced. Written by the connection's thread. */
    private volatile @Nullable Identity identity;

    /** One that was accepted just now. */
    Guest(long id, Reception reception, Conn conn) {
        this.id = id;
        this.since = reception.clock.instant();
        this.reception = reception;
        this.conn = conn;
        this.host = conn.remoteAddress() instanceof TcpAddr tcp ? tcp.host() : null;
        this.addressKey = host == null ? 0 : Limits.key(host);
        this.loopback = host != null && Limits.isLoopback(host);
        this.clientBytesMax = () -> reception.access().limits().perClient().bytesInFlight();
        this.addressBytesMax = () -> reception.access().limits().of(loopback).bytesInFlight();
    }

    long id() {
        return id;
    }

    Instant since() {
        return since;
    }

    /** Whether it may come in so far. If not it is counted, and has left. */
    boolean arrive() {
        reception.add(this);
        Refusal refusal = refusalOfAddress();
        if (refusal == null) {
            return true;
        }
        refused(refusal.counter);
        leave();
        return false;
    }

    private @Nullable Refusal refusalOfAddress() {
        Access access = reception.access();
        Limits limits = access.limits();
        if (host != null) {
            if (!access.networks().contain(host)) {
                return refusal(Counter.REFUSED_NETWORK);
            }
            Bounds bounds = limits.of(loopback);
            if (isTooOften(reception.arrivals, addressKey, bounds.newConnections())) {
                return refusal(Counter.LIMITED_ADDRESS_RATE);
            }
            address = reception.addresses.enter(addressKey, bounds.connections());
            if (address == null) {
                return refusal(Counter.LIMITED_ADDRESS_CONNECTIONS);
            }
        }
        return isTooOften(reception.arrivalsInAll, 0, limits.inAll().newConnections())
                ? refusal(Counter.LIMITED_RATE)
                : null;
    }

    private static Refusal refusal(Counter counter) {
        return new Refusal(counter, Result.OVERLOADED);
    }

    private boolean isTooOften(RateTable table, long key, int perSecond) {
        return perSecond != 0
                && table.take(key, SECOND_NANOS / perSecond, perSecond, reception.clock.nanos(), 0)
                        == RateTable.REFUSED;
    }

    /** What the handshake has agreed on. */
    void secured(TlsSession session) {
        shown = Access.credential(session);
        secured = true;
        closeIfRevoked(); // The access may have changed between the handshake and the line above.
    }

    /** Lets it in under its name, or says why not. */
    @Nullable
    Refusal introduce(String name, byte @Nullable [] token) {
        // An empty one is none, whatever is listed. Who sends a longer one does not get it hashed.
        byte[] hash = token == null || token.length == 0 || token.length > Tokens.BYTES_MAX ? null : Tokens.hash(token);
        Credential credential = shown.token(hash);
        Access access = reception.access();
        Verdict verdict = access.judge(name, credential);
        if (verdict != Verdict.WELCOME) {
            return new Refusal(counterOf(verdict), Result.NOT_ALLOWED);
        }
        Bounds bounds = access.limits().perClient();
        long key = reception.key(name);
        if (isTooOften(reception.introductions, key, bounds.newConnections())) {
            return refusal(Counter.LIMITED_CLIENT_RATE);
        }
        var share = reception.clients.enter(name, bounds.connections());
        if (share == null) {
            return refusal(Counter.LIMITED_CLIENT_CONNECTIONS);
        }
        identity = new Identity(name, key, share, credential);
        // Look again: who changed the access before the store above saw nobody of that name here.
        closeIfRevoked();
        return null;
    }

    private static Counter counterOf(Verdict verdict) {
        return verdict == Verdict.WRONG_NAME ? Counter.ERROR_WRONG_NAME : Counter.ERROR_NOT_ALLOWED;
    }

    /** Closes it if it may no longer be here. Whether this call did. */
    boolean closeIfRevoked() {
        if (isAllowed(reception.access()) || revoked.getAndSet(true)) {
            return false;
        }
        refused(Counter.REVOKED);
        Conns.close(conn);
        return true;
    }

    private boolean isAllowed(Access access) {
        if (host != null && !access.networks().contain(host)) {
            return false;
        }
        Identity who = identity;
        return access.keeps(who == null ? null : who.name, who == null ? shown : who.credential, secured);
    }

    /** Whose turns are counted now. */
    Reception.Turns turns() {
        return reception.turns();
    }

    /** How many nanoseconds to wait for a turn of the next message, 0 for not at all. */
    long turnNanos(Reception.Turns turns) {
        Limits limits = reception.access().limits();
        int ofClient = limits.perClient().messages();
        int ofAddress = host == null ? 0 : limits.of(loopback).messages();
        int inAll = limits.inAll().messages();
        if ((ofClient | ofAddress | inAll) == 0) {
            return 0;
        }
        Identity who = identity;
        if (who == null) {
            return 0;
        }
        long now = reception.clock.nanos();
        long wait = turn(turns.byClient(), who.key, ofClient, now);
        wait = Math.max(wait, turn(turns.byAddress(), addressKey, ofAddress, now));
        return Math.max(wait, turn(turns.inAll(), 0, inAll, now));
    }

    private static long turn(RateTable table, long key, int perSecond, long now) {
        return perSecond == 0 ? 0 : table.take(key, SECOND_NANOS / perSecond, perSecond, now, Long.MAX_VALUE);
    }

    /** A message is in flight from here on; waits until there are few enough bytes. */
    void begin(int bytes) throws InterruptedException {
        boolean waited = false;
        Identity who = identity;
        // The client's before the address's, always: who waits for the address's holds none of them.
        if (who != null) {
            waited = who.share.take(bytes, clientBytesMax);
        }
        if (address != null) {
            try {
                waited |= address.take(bytes, addressBytesMax);
            } catch (InterruptedException e) {
                if (who != null) {
                    who.share.give(bytes);
                }
                throw e;
            }
        }
        inFlight.begin(bytes);
        if (waited) {
            reception.counters.increment(Counter.LIMITED_BYTES);
        }
    }

    /** So many messages that have begun are settled, 1 or more. */
    void settled(long messages) {
        long bytes = inFlight.end(messages);
        Identity who = identity;
        if (bytes > 0 && who != null) {
            who.share.give(bytes);
        }
        if (bytes > 0 && address != null) {
            address.give(bytes);
        }
    }

    /** {@link #refused(Counter, String)}, of which no more is to be said. */
    void refused(Counter counter) {
        refused(counter, counter.label());
    }

    /** Counts a failure of the client's, and logs it with its address and name. */
    void refused(Counter counter, String why) {
        Identity who = identity;
        reception.refusals.refused(
                counter, addressKey, conn.remoteAddress(), who == null ? "" : " " + printable(who.name), why);
    }

    /**
     * A name that cannot forge a line of the log: no control or format characters, no separators of lines, of all
     * Unicode.
     */
    private static String printable(String name) {
        return '"' + name.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", "?") + '"';
    }

    /** It is gone. Called once. */
    void leave() {
        reception.remove(this);
        if (address != null) {
            address.leave();
        }
        Identity who = identity;
        if (who != null) {
            who.share.leave();
        }
    }
}
