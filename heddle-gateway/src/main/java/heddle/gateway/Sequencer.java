package heddle.gateway;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides what of a batch is stored: all messages without a sequence, and of each {@link Sequence} the next numbers.
 * For one thread, the sink's writer, so what it decides is in the order of the queue.
 *
 * <p>A batch is committed in parts. A resume begins a part of its own if the part before it has messages of its name:
 * these are committed, and settled, before the highest number is read.
 *
 * <p>Bound: one entry for each name that a live connection has resumed.
 */
final class Sequencer {

    /** Not decided before the commit. */
    static final int PENDING = Integer.MIN_VALUE;

    private final StoreWriter store;
    private final Counters counters;

    /** Who has resumed each name last. */
    private final Map<String, Sequence> owners = new HashMap<>();

    // The part that is made up.
    private final List<SinkQueue.Message> kept = new ArrayList<>();
    private final Map<String, Sequence> advanced = new HashMap<>();

    Sequencer(StoreWriter store, Counters counters) {
        this.store = store;
        this.counters = counters;
    }

    /** Whether the part must be committed before this entry is judged. */
    boolean endsPart(SinkQueue.Entry entry) {
        return entry instanceof SinkQueue.Resume resume
                && advanced.containsKey(resume.sequence().name());
    }

    /** The entry's result, or {@link #PENDING} if it is the commit's. */
    int judge(SinkQueue.Entry entry) {
        return switch (entry) {
            case SinkQueue.Message message -> judge(message);
            case SinkQueue.Resume resume -> resume(resume.sequence());
            case SinkQueue.End end -> {
                owners.remove(end.sequence().name(), end.sequence());
                yield Result.SUCCESS;
            }
        };
    }

    private int resume(Sequence sequence) {
        sequence.resumed(store.highest(sequence.name()));
        var older = owners.put(sequence.name(), sequence);
        if (older != null) {
            older.takenOver();
        }
        return Result.SUCCESS;
    }

    private int judge(SinkQueue.Message message) {
        var sequence = message.sequence();
        if (sequence == null) {
            kept.add(message);
            return PENDING;
        }
        if (sequence.state() != Sequence.State.RESUMED) {
            return sequence.state() == Sequence.State.TAKEN_OVER ? Result.TAKEN_OVER : Result.OUT_OF_SEQUENCE;
        }
        long number = message.id();
        int order = Long.compareUnsigned(number, sequence.next());
        if (order > 0) {
            return Result.OUT_OF_SEQUENCE;
        }
        if (order == 0) {
            sequence.advance();
            kept.add(message);
            advanced.put(sequence.name(), sequence);
            return PENDING;
        }
        counters.increment(Counter.REPEATS);
        // What is in the part, and not on the disk yet, is as good as its commit.
        return sequence.isKept(number) ? Result.SUCCESS : PENDING;
    }

    /** Ends the part: the result of what is pending in it. */
    int commit() {
        int result = kept.isEmpty() ? Result.SUCCESS : store.commit(kept);
        for (var sequence : advanced.values()) {
            if (result == Result.SUCCESS) {
                sequence.committed();
            } else {
                sequence.setBack();
            }
        }
        kept.clear();
        advanced.clear();
        return result;
    }
}
