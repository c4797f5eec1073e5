package heddle.net;

import static heddle.net.Streams.readFully;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.ForkedJvm;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What a read and a write allocate. Measured is what all Java threads of this JVM allocate during many calls on one
 * virtual thread, once the compiler has seen them: so it holds for the caller, its carrier and the pollers.
 *
 * <p>Seen on JDK 25: nothing for up to 512 bytes of an array or a buffer over one, with waits or without, in way
 * carriers; 72 bytes a call for a direct buffer, the memory segment that names it. In way jdk the same, and about 100 a
 * wait, by the JDK's scheduler and the pollers, which are virtual threads. In way nio 100 to 200 a call, by the JDK's
 * channels. What is longer is named by segments, 144 bytes at most, which the compiler leaves away where it can. Never
 * anything as long as the data.
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
        awaitFewBytes(BYTES_MAX, () -> {
            pair.left().write(sent);
            readFully(pair.right(), got);
        });
    }

    @Test
    @Behaviour(96)
    void callsOnDirectBuffersAllocateASmallObjectAtMost() throws Exception {
        ByteBuffer sent = ByteBuffer.allocateDirect(MESSAGE_BYTES);
        ByteBuffer got = ByteBuffer.allocateDirect(MESSAGE_BYTES);
        awaitFewBytes(BYTES_MAX, () -> {
            pair.left().write(sent.clear());
            got.clear();
            while (got.hasRemaining()) {
                pair.right().read(got);
            }
        });
    }

    /** Interpreted code allocates what compiled code does not, so this waits for the compiler. */
    private static void awaitFewBytes(int most, Exchange exchange) throws Exception {
        var last = new AtomicLong();
        Await.until(() -> "at most " + most + " bytes a call, got " + last, () -> {
            last.set(bytesPerCall(exchange));
            return last.get() <= most;
        });
    }

    private static long bytesPerCall(Exchange exchange) throws IOException {
        long before = THREADS.getTotalThreadAllocatedBytes();
        for (int i = 0; i < CALLS; i++) {
            exchange.once();
        }
        return (THREADS.getTotalThreadAllocatedBytes() - before) / (2L * CALLS);
    }

    /** In a JVM that uses one way: {@link Allocates} waits until it is so. */
    @Tag("thorough")
    @Test
    void arraysCostNothingWhereOneWayIsUsed() throws Exception {
        assumeTrue(
                Runtimes.current().way() == Way.CARRIERS || Runtimes.current().way() == Way.URING,
                "others allocate for a wait");
        List<String> flags = List.of("-Dheddle.parallelism=1", "-XX:TieredStopAtLevel=4");
        assertThat(ForkedJvm.start(Allocates.class, flags).output().lines())
                .contains("arrays: nothing", "heap buffers: nothing", "waits: nothing", "lent reads: nothing");
    }

    /** Says what allocates nothing, once it does. */
    static final class Allocates {

        private Allocates() {}

        public static void main(String[] args) throws Exception {
            Task.run(Heddle.shared().ofVirtual(), Allocates::say).result();
        }

        private static void say() throws Exception {
            byte[] array = new byte[64];
            ByteBuffer heap = ByteBuffer.allocate(64);
            try (var pair = ConnPair.tcp()) {
                awaitFewBytes(0, () -> {
                    pair.left().write(array, 0, 64);
                    readFully(pair.right(), array);
                });
                System.out.println("arrays: nothing");
                awaitFewBytes(0, () -> {
                    pair.left().write(heap.clear());
                    heap.clear();
                    while (heap.hasRemaining()) {
                        pair.right().read(heap);
                    }
                });
                System.out.println("heap buffers: nothing");
                Heddle.shared().ofVirtual().start(() -> echo(pair.right()));
                awaitFewBytes(0, () -> {
                    pair.left().write(array, 0, 64);
                    readFully(pair.left(), array);
                });
                System.out.println("waits: nothing");
            }
            try (var pair = ConnPair.tcp()) {
                Heddle.shared().ofVirtual().start(() -> echoLent(pair.right()));
                awaitFewBytes(0, () -> {
                    pair.left().write(array, 0, 64);
                    readFully(pair.left(), array);
                });
                System.out.println("lent reads: nothing");
            }
        }

        private static void echoLent(Conn conn) {
            Taker back = conn::write;
            try {
                int n = 0;
                while (n >= 0) {
                    n = conn.readLent(back);
                }
            } catch (IOException ended) {
                // With the pair.
            }
        }

        private static void echo(Conn conn) {
            byte[] buffer = new byte[64];
            try {
                int n;
                while ((n = conn.read(buffer)) >= 0) {
                    conn.write(buffer, 0, n);
                }
            } catch (IOException ended) {
                // With the pair.
            }
        }
    }
}
