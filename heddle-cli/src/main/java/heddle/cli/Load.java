package heddle.cli;

import heddle.gateway.Client;
import heddle.gateway.ClientOptions;
import heddle.gateway.log.Threads;
import heddle.net.Heddle;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Messages that are made up, over one connection or many; each has a client and a thread that sends. First all connect,
 * then all send.
 *
 * <p>Not all connect at the same time: thousands of handshakes side by side would each take as long as all of them.
 *
 * <p>With a rate, message n is to be sent n / rate after the start, by connection n modulo connections, whatever became
 * of those before it (an open loop): who is held up sends what is due as soon as it may, and each latency counts from
 * when the message was to be sent. So a server that stops for a second costs every message of that second its share, as
 * it would cost clients that do not know of each other. To count from the sending would hide all but one of them, which
 * is called coordinated omission. Without a rate each connection sends what its window has room for (a closed loop).
 */
final class Load {

    /**
     * @param connections how many
     * @param messages most of all together
     * @param durationNanos how long to send
     * @param perSecond messages a second of all together; 0 for as many as go
     * @param sizeBytes of a message
     */
    record Plan(int connections, long messages, long durationNanos, double perSecond, int sizeBytes) {

        /** When message {@code number} is to be sent, after the start; 0 without a rate. */
        long dueNanos(long number) {
            return perSecond == 0 ? 0 : (long) (number / perSecond * 1e9);
        }

        /** How many messages are due until the end; of a plan with a rate. */
        long due() {
            double within = durationNanos / 1e9 * perSecond;
            if (within >= messages) {
                return messages;
            }
            long due = (long) within;
            while (due < messages && dueNanos(due) < durationNanos) {
                due++;
            }
            return due;
        }
    }

    /** Makes the client of a connection. */
    interface Clients {
        Client make(int index, Delivery delivery);
    }

    /** Who is behind by so much when the time is over sends no more. */
    private static final long LATE_NANOS_MAX = 1_000_000_000;

    /** How many connect at a time. */
    private static final int CONNECTING_MAX = 64;

    private final Plan plan;
    private final Tally tally;
    private final List<Connection> connections = new ArrayList<>();

    private final Semaphore connecting = new Semaphore(CONNECTING_MAX);
    private final CountDownLatch connected;
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch settled;

    /** Written before {@link #started} is counted down. */
    private volatile long startNanos;

    private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();

    /** Nobody sends any more: a failure, or an interrupt. */
    private volatile boolean over;

    private long tookNanos;

    /**
     * A load that is yet to {@link #run}.
     *
     * @param goesOn whether the end of a connection is not that of the load
     * @param notes hears what people should know
     */
    Load(Plan plan, Tally tally, boolean goesOn, Consumer<String> notes, Clients clients) {
        this.plan = plan;
        this.tally = tally;
        this.connected = new CountDownLatch(plan.connections);
        this.settled = new CountDownLatch(plan.connections);
        for (int i = 0; i < plan.connections; i++) {
            connections.add(new Connection(i, goesOn, notes, clients));
        }
    }

    /** Sends all, and waits for the acks. Returns early after a failure, and when interrupted; then too all is over. */
    void run() throws InterruptedException {
        connections.forEach(Connection::start);
        try {
            connected.await();
            startNanos = System.nanoTime();
            started.countDown();
            settled.await();
        } catch (InterruptedException e) {
            end(null);
            throw e;
        } finally {
            tookNanos = startNanos == 0 ? 0 : System.nanoTime() - startNanos;
            for (var connection : connections) {
                Threads.awaitEnd(connection.thread);
            }
        }
    }

    private void end(@Nullable IOException why) {
        if (why != null) {
            failure.compareAndSet(null, why);
        }
        over = true;
        connections.forEach(Connection::interrupt);
    }

    /** What ended it early; null for nothing. */
    @Nullable
    IOException failure() {
        return failure.get();
    }

    /** How the first connection to end did, if that ends the load; null if none did. */
    @Nullable
    IOException lost() {
        return connections.stream()
                .map(connection -> connection.delivery.end())
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /** Since the first message was due; until all was settled once that is so. */
    long nanos() {
        if (tookNanos != 0) {
            return tookNanos;
        }
        return startNanos == 0 ? 0 : System.nanoTime() - startNanos;
    }

    /** With {@link ClientOptions#once}: how many messages the server had kept before for all names. */
    long keptBefore() {
        return connections.stream()
                .mapToLong(connection -> connection.keptBefore)
                .sum();
    }

    /** The message's number in decimal, and points up to the size; of a number that is longer, the end. */
    static void write(long number, byte[] message) {
        Arrays.fill(message, (byte) '.');
        int digits = 1;
        for (long rest = number / 10; rest > 0; rest /= 10) {
            digits++;
        }
        int at = Math.min(digits, message.length);
        for (long rest = number; at > 0; rest /= 10) {
            message[--at] = (byte) ('0' + rest % 10);
        }
    }

    /** One connection, and the thread that sends over it. */
    private final class Connection {
        private final int index;
        private final Delivery delivery;
        private final Client client;
        private final Thread thread;

        /** Written before {@link Load#connected} is counted down. */
        private volatile long keptBefore;

        Connection(int index, boolean goesOn, Consumer<String> notes, Clients clients) {
            this.index = index;
            LongUnaryOperator due = plan.perSecond == 0 ? null : own -> startNanos + plan.dueNanos(number(own));
            this.delivery = new Delivery(tally, goesOn, notes, due);
            this.client = clients.make(index, delivery);
            this.thread =
                    Heddle.shared().ofVirtual().name("heddle-load-" + index).unstarted(this::run);
        }

        /** Of all messages, that of the connection's own numbered {@code own}. */
        private long number(long own) {
            return index + own * plan.connections;
        }

        void start() {
            thread.start();
        }

        void interrupt() {
            thread.interrupt();
        }

        private void run() {
            try (client) {
                sendAndAwait();
            }
        }

        private void sendAndAwait() {
            try {
                try {
                    connect();
                    started.await();
                    send();
                } catch (IOException e) {
                    end(e);
                }
                awaitSettled();
            } catch (InterruptedException e) {
                // Over: what is in flight is settled by the client's end.
            } catch (RuntimeException | Error e) {
                end(new IOException("sending has ended: " + e, e));
                throw e;
            } finally { // else run() would wait for ever
                settled.countDown();
            }
        }

        private void connect() throws IOException, InterruptedException {
            try {
                connecting.acquire();
                try {
                    client.connect();
                } finally {
                    connecting.release();
                }
                keptBefore = client.highest();
            } finally {
                connected.countDown();
            }
        }

        private void send() throws IOException, InterruptedException {
            byte[] message = new byte[plan.sizeBytes];
            for (long own = 0; !over; own++) {
                long number = number(own);
                if (number >= plan.messages || !isTime(number)) {
                    return;
                }
                delivery.checkMaySend(true);
                write(number, message);
                client.submit(message, 0, message.length);
                tally.sent();
            }
        }

        /** Waits until the message is due; false if it is no more. */
        private boolean isTime(long number) throws InterruptedException {
            long due = plan.dueNanos(number);
            if (due >= plan.durationNanos) {
                return false;
            }
            while (true) {
                long now = System.nanoTime() - startNanos;
                if (due <= now) {
                    long late = plan.perSecond == 0 ? 0 : LATE_NANOS_MAX;
                    return now < plan.durationNanos || now - plan.durationNanos < late;
                }
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                LockSupport.parkNanos(this, due - now);
            }
        }

        /** What was sent counts, whatever ended the sending. */
        private void awaitSettled() {
            boolean _ = Thread.interrupted(); // by a failure
            try {
                client.awaitSettled();
            } catch (IOException e) {
                end(e);
            } catch (InterruptedException e) {
                // Over.
            }
        }
    }
}
