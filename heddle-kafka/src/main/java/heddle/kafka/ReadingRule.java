package heddle.kafka;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/// Which records of a partition are messages that count. Whoever reads a partition in order and takes only what counts
/// sees each message that is kept once exactly once, whatever broke where it was written.
///
/// Of each name the rule knows the highest turn and the highest number. A record without turn and store counts: it is a
/// plain message, which is there at least once. A marker counts for nothing; one of a higher turn begins that turn. A
/// record of a turn counts if
///
/// - its turn is the highest that there was, and its number is the highest and one; or
/// - its turn is higher than any that there was, which is so only where reading began behind the turn's marker.
///
/// All else is what an older turn sent too late, or a repeat.
///
/// A record that a store has forwarded has no turn. It counts if its number is higher than those that the store has
/// forwarded into the partition before: what is not, is a copy from after a crash.
///
/// A reader that keeps its place in the partition keeps [#positions] with it, in one transaction of its own, and goes
/// on with both. One that begins in the middle without them may count records that an older turn sent too late, until
/// the first record of the newer one.
///
/// Bound: an entry for each name that has sent once, and each store. For one thread; one rule for each partition.
public final class ReadingRule {

    /** The highest number is not known, as reading began behind it. */
    static final long UNKNOWN = -1;

    private static final String STORE_PREFIX = "\0store ";

    /**
     * How far a name is.
     *
     * @param turn the highest turn
     * @param highest the highest number that counted, unsigned; -1 if none was seen yet
     */
    public record Position(long turn, long highest) {}

    private final Map<String, Position> positions;

    /** For a partition that is read from its beginning, or as far back as it goes. */
    public ReadingRule() {
        this(Map.of());
    }

    /**
     * For a partition that is read on.
     *
     * @param positions what {@link #positions} gave at that place; copied
     */
    public ReadingRule(Map<String, Position> positions) {
        this.positions = new HashMap<>(positions);
    }

    /**
     * How far each name is, behind the record that was asked for last.
     *
     * @return a copy
     */
    public Map<String, Position> positions() {
        return Map.copyOf(positions);
    }

    @Nullable
    Position position(String name) {
        return positions.get(name);
    }

    /**
     * Takes a record in. To be asked once for each record, in their order.
     *
     * @param record the partition's next
     * @return whether it is a message that counts
     */
    public boolean counts(ConsumerRecord<?, ?> record) {
        return counts(record.headers());
    }

    /** Of a store: what is behind all that it has forwarded into this partition. */
    private boolean countsOf(String store, @Nullable String numberText) {
        long number = Long.parseLong(String.valueOf(numberText));
        // No name of a client has a zero byte.
        var position = positions.get(STORE_PREFIX + store);
        if (position != null && number <= position.highest) {
            return false;
        }
        positions.put(STORE_PREFIX + store, new Position(0, number));
        return true;
    }

    boolean counts(Headers headers) {
        var turnText = KafkaHeaders.text(headers, KafkaHeaders.TURN);
        if (turnText == null) {
            var store = KafkaHeaders.text(headers, KafkaHeaders.STORE);
            return store == null || countsOf(store, KafkaHeaders.text(headers, KafkaHeaders.NUMBER));
        }
        var name = String.valueOf(KafkaHeaders.text(headers, KafkaHeaders.NAME));
        long turn = Long.parseLong(turnText);
        var position = positions.get(name);
        var numberText = KafkaHeaders.text(headers, KafkaHeaders.SEQUENCE);
        if (numberText == null) {
            if (position == null || turn > position.turn) {
                positions.put(name, new Position(turn, position == null ? UNKNOWN : position.highest));
            }
            return false;
        }
        long number = Long.parseUnsignedLong(numberText);
        boolean counts = position == null
                || turn > position.turn
                || (turn == position.turn && (position.highest == UNKNOWN || number == position.highest + 1));
        if (counts) {
            positions.put(name, new Position(turn, number));
        }
        return counts;
    }
}
