package heddle.gateway;

/** The acks of one read, passed on together. For one thread. */
final class Acks {

    private static final int ACKS_MAX = 1024;

    /** The request's id; after {@link Client#acked} has looked it up, the message's number. */
    final long[] ids = new long[ACKS_MAX];

    final int[] results = new int[ACKS_MAX];
    final long[] latencyNanos = new long[ACKS_MAX];
    private int size;

    void add(long id, int result) {
        ids[size] = id;
        results[size] = result;
        size++;
    }

    boolean isFull() {
        return size == ACKS_MAX;
    }

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }
}
