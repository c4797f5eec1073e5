package heddle.gateway;

import heddle.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A sink that settles when the test says so; in front of it, the real queue with a bound of the test's choice. */
final class ManualSink implements Sink {
    private final SinkQueue queue;
    private final long waitNanos;
    private volatile int offerResult = Result.SUCCESS;
    private volatile boolean failing;

    /** Taken from the queue and not settled yet. */
    private final List<SinkQueue.Entry> taken = new ArrayList<>();

    /** What was settled with success, in order. Read when all is quiet. */
    final List<byte[]> stored = new ArrayList<>();

    ManualSink(int messagesMax, long bytesMax, long waitNanos) {
        queue = new SinkQueue(messagesMax, bytesMax, Clock.system());
        this.waitNanos = waitNanos;
    }

    ManualSink() {
        this(20_000, 64 << 20, Long.MAX_VALUE);
    }

    /** From now on offers are answered at once: with {@code result}, or not at all if that is success. */
    void answerOffers(int result) {
        offerResult = result;
    }

    /** From now on offers throw, or no longer. */
    void failOffers(boolean fail) {
        failing = fail;
    }

    @Override
    public int offer(Receipt receipt, long id, byte[] buffer, int offset, int length) throws InterruptedException {
        if (failing) {
            throw new OutOfMemoryError("the test's");
        }
        if (offerResult != Result.SUCCESS) {
            return offerResult;
        }
        byte[] payload = Arrays.copyOfRange(buffer, offset, offset + length);
        return queue.put(new SinkQueue.Message(receipt, id, payload, null), waitNanos);
    }

    @Override
    public int resume(Sequence sequence, long id) {
        throw new AssertionError("this sink has no store: use a StoreSink");
    }

    @Override
    public int offerOnce(Sequence sequence, long number, byte[] buffer, int offset, int length) {
        throw new AssertionError("this sink has no store: use a StoreSink");
    }

    @Override
    public void end(Sequence sequence) {
        throw new AssertionError("this sink has no store: use a StoreSink");
    }

    /** Settles the next {@code count} messages, waiting for them. */
    void settle(int count, int result) throws InterruptedException {
        int left = count;
        while (left > 0) {
            if (taken.isEmpty()) {
                queue.take(taken, Long.MAX_VALUE);
            }
            int now = Math.min(left, taken.size());
            settle(taken.subList(0, now), result);
            left -= now;
        }
    }

    /** Settles what is there until {@code done}, as a sink of its own would. */
    void settleUntilClosed() {
        try {
            List<SinkQueue.Entry> batch = new ArrayList<>();
            while (queue.take(batch, Long.MAX_VALUE)) {
                settle(batch, Result.SUCCESS);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void settle(List<SinkQueue.Entry> batch, int result) {
        for (var entry : batch) {
            if (result == Result.SUCCESS) {
                stored.add(((SinkQueue.Message) entry).payload());
            }
            entry.settle(result);
        }
        for (var entry : batch) {
            entry.receipt().flush();
        }
        queue.release(batch);
        batch.clear();
    }

    /** Takes no more; {@link #settleUntilClosed} comes to its end. */
    void end() {
        queue.close();
    }

    @Override
    public void close() {
        end();
    }
}
