package heddle.net;

import static heddle.net.Streams.readFully;

import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.Ways;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a read and a write allocate. Measured is what all Java threads of this JVM allocate during many calls on one virtual thread, once
 * the compiler has seen them: so it holds for the caller, its carrier and the pollers.
 *
 * <p>Seen on JDK 25: 72 bytes a call for an array (the memory segment that names it), half of that for a direct buffer, in way carriers;
 * about 80 in way jdk, whose pollers are virtual threads, and 130 in way nio, by the JDK's channels. Never anything as long as the data.
 */
@Ways
class AllocationTest {
    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final int CALLS = 5_000;
    private static final int MESSAGE_BYTES = 8 << 10;
    private static final int BYTES_MAX = 256;

    private ConnPair pair;

    @FunctionalInterface
    private interface Exchange {
        void once() throws IOException;
    }

    @BeforeEach
    void connect() throws Exception {
        pair = ConnPair.tcp();
    }

    @AfterEach
    void close() throws IOException {
        pair.close();
    }

    @Test
    @Behaviour(96)
    void callsOnArraysAllocateASmallObjectAtMost() throws Exception {
        byte[] sent = new byte[MESSAGE_BYTES];
        byte[] got = new byte[MESSAGE_BYTES];
        awaitFewBytes(() -> {
            pair.left().write(sent);
            readFully(pair.right(), got);
        });
    }

    @Test
    @Behaviour(96)
    void callsOnDirectBuffersAllocateASmallObjectAtMost() throws Exception {
        ByteBuffer sent = ByteBuffer.allocateDirect(MESSAGE_BYTES);
        ByteBuffer got = ByteBuffer.allocateDirect(MESSAGE_BYTES);
        awaitFewBytes(() -> {
            pair.left().write(sent.clear());
            got.clear();
            while (got.hasRemaining()) {
                pair.right().read(got);
            }
        });
    }

    /** Interpreted code allocates what compiled code does not, so this waits for the compiler. */
    private static void awaitFewBytes(Exchange exchange) throws Exception {
        var last = new AtomicLong();
        Await.until(
                () -> "at most " + BYTES_MAX + " bytes a call, got " + last,
                () -> {
                    last.set(bytesPerCall(exchange));
                    return last.get() <= BYTES_MAX;
                });
    }

    private static long bytesPerCall(Exchange exchange) throws IOException {
        long before = THREADS.getTotalThreadAllocatedBytes();
        for (int i = 0; i < CALLS; i++) {
            exchange.once();
        }
        return (THREADS.getTotalThreadAllocatedBytes() - before) / (2L * CALLS);
    }
}
