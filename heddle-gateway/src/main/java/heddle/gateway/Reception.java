package heddle.gateway;

import heddle.gateway.access.Access;
import heddle.time.Clock;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who is here, what they take, and what they may: one a gateway. Any thread may call.
 *
 * <ol>
 *   <li>Each {@link Guest} is in {@link #guests} before it is judged. Whoever changes the access does so first, and
 *       judges all who are in there then. So a guest is judged by the latest access, by itself or by who changed it.
 *   <li>What is counted here outlives a change of the access, but for turns of messages, which begin anew when the
 *       limits change.
 * </ol>
 *
 * Memory: {@link RateTable}s are made once; {@link Shares} and guests are bounded by the connections.
 */
final class Reception {

    final Counters counters;
    final Clock clock;
    final Refusals refusals;
    final Shares<Long> addresses;
    final Shares<String> clients;
    final RateTable arrivals = new RateTable();
    final RateTable arrivalsInAll = new RateTable(1);
    final RateTable introductions = new RateTable();

    /** Of messages. Those of before a change of the limits would hold to its bounds for as long as turns were taken. */
    record Turns(RateTable byAddress, RateTable byClient, RateTable inAll) {
        Turns() {
            this(new RateTable(), new RateTable(), new RateTable(1));
        }
    }

    private final Set<Guest> guests = ConcurrentHashMap.newKeySet();
    private final byte[] secret = new byte[16];
    private volatile Access access;
    private volatile Turns turns = new Turns();

    Reception(Access access, Counters counters, Clock clock) {
        this.access = access;
        this.counters = counters;
        this.clock = clock;
        this.refusals = new Refusals(counters, clock);
        this.addresses = new Shares<>();
        this.clients = new Shares<>();
        new SecureRandom().nextBytes(secret);
    }

    Access access() {
        return access;
    }

    Turns turns() {
        return turns;
    }

    /** From now on this holds; who may no longer be here is closed. How many these are. */
    int admit(Access changed) {
        boolean sameLimits = changed.limits().equals(access.limits());
        access = changed;
        if (!sameLimits) {
            turns = new Turns(); // behind the access, as who finds them new asks that for a turn
            addresses.lookAgain();
            clients.lookAgain();
        }
        int closed = 0;
        for (Guest guest : guests) {
            if (guest.closeIfRevoked()) {
                closed++;
            }
        }
        return closed;
    }

    void add(Guest guest) {
        guests.add(guest);
    }

    void remove(Guest guest) {
        guests.remove(guest);
    }

    /** A client's key in a {@link RateTable}: no name can be found that has another's. */
    long key(String name) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            digest.update(secret);
            return ByteBuffer.wrap(digest.digest(name.getBytes(StandardCharsets.UTF_8)))
                    .getLong();
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
