package heddle.gateway;

import heddle.gateway.log.InDoubtException;
import heddle.gateway.log.NoRoomException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

/**
 * A store in memory, whose commits a test holds and lets go, and whose calls it lets fail. Writes down what was called,
 * in one list with what the test adds of its own.
 */
final class ManualStore implements Store, Store.Opening {

    /** What the next calls do, each until it is set again. */
    volatile boolean failsToCommit;

    volatile boolean failsToSync;
    volatile boolean failsToClose;

    /** What it says of the room behind what is written; null for enough. */
    volatile String noRoom;

    /** Thrown by the next commit, which has done nothing. */
    volatile IOException failure;

    /** What a commit throws at its end, and what it has done by then. */
    enum Doubt {
        NONE,
        KEPT,
        LOST
    }

    volatile Doubt doubt = Doubt.NONE;

    /** Thrown by the next commit in place of a failure of the store. */
    volatile RuntimeException fault;

    /** The ids of what is committed, in order. */
    private final List<Long> stored = new ArrayList<>();

    /** By client. */
    private final Map<String, Long> highest = new HashMap<>();

    private final List<String> events = new ArrayList<>();

    private volatile CountDownLatch release = new CountDownLatch(0);
    private final Semaphore held = new Semaphore(0);

    /** From now on a commit waits, before it does anything. */
    void hold() {
        release = new CountDownLatch(1);
    }

    /** Waits until a commit waits. */
    void awaitHeld() throws InterruptedException {
        held.acquire();
    }

    /** Lets the commit that waits go on, and all to come. */
    void release() {
        release.countDown();
    }

    synchronized void add(String event) {
        events.add(event);
    }

    synchronized List<String> events() {
        return List.copyOf(events);
    }

    synchronized List<Long> stored() {
        return List.copyOf(stored);
    }

    @Override
    public Store open() {
        add("open");
        return this;
    }

    @Override
    public void commit(List<SinkQueue.Message> batch, long nowMillis) throws IOException {
        var ids = batch.stream().map(SinkQueue.Message::id).toList();
        var gate = release;
        if (gate.getCount() > 0) {
            held.release();
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        add("commit " + ids);
        var thrown = fault;
        if (thrown != null) {
            throw thrown;
        }
        if (failsToCommit) {
            throw new NoRoomException("no commit, says the test");
        }
        var failed = failure;
        if (failed != null) {
            throw failed;
        }
        var doubted = doubt;
        synchronized (this) {
            if (doubted != Doubt.LOST) {
                stored.addAll(ids);
                for (var message : batch) {
                    if (message.clientSequence() != 0) {
                        highest.put(message.client(), message.clientSequence());
                    }
                }
            }
        }
        if (doubted != Doubt.NONE) {
            throw new InDoubtException("in doubt", new IOException("says the test"));
        }
    }

    @Override
    public long highest(String name) {
        synchronized (this) {
            long read = highest.getOrDefault(name, 0L);
            add("highest of " + name + " is " + read);
            return read;
        }
    }

    @Override
    public Hold hold(long number) {
        throw new AssertionError("this store drops nothing");
    }

    @Override
    public void bound(StoreOptions next) {
        throw new AssertionError("this store has no bounds");
    }

    @Override
    public void sync() throws IOException {
        add("sync");
        if (failsToSync) {
            throw new IOException("no sync, says the test");
        }
    }

    @Override
    public long bytes() {
        return 0;
    }

    @Override
    public long freeBytes() {
        return 0;
    }

    @Override
    public String noRoom() {
        return noRoom;
    }

    @Override
    public void close() throws IOException {
        add("close");
        if (failsToClose) {
            throw new IOException("no close, says the test");
        }
    }
}
