package heddle.gateway;

import java.util.ArrayList;
import java.util.List;

/** Receipts of messages that a test offers by itself. */
final class Settlements implements Receipt {
    private final List<Integer> results = new ArrayList<>();
    private int flushes;

    @Override
    public synchronized void settled(long id, int result) {
        results.add(result);
        notifyAll();
    }

    @Override
    public synchronized void flush() {
        flushes++;
    }

    /** Waits for so many; the results in order. */
    synchronized List<Integer> await(int count) throws InterruptedException {
        while (results.size() < count) {
            wait();
        }
        return List.copyOf(results);
    }

    synchronized int flushes() {
        return flushes;
    }
}
