package heddle.net;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.NotIn;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.junit.jupiter.api.Test;

/** A peer that sends descriptors between its bytes, as any program may; unix(7), SCM_RIGHTS. */
@Ways
@NotIn(value = Way.NIO, because = "the JDK's channels have no descriptors to send")
class UnixRightsTest {

    @SuppressWarnings("restricted") // The ways that have descriptors have native access.
    private static final MethodHandle SENDMSG = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("sendmsg"),
                    FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));

    /**
     * The kernel ends a read behind the byte that the descriptor came with, though more bytes wait and no edge will
     * tell of them.
     */
    @Test
    void readCutShortByADescriptorIsNoProofThatNothingIsLeft() throws Exception {
        try (var pair = ConnPair.unix("unix")) {
            for (int round = 0; round < 20; round++) {
                Task<Integer> first = Task.start(() -> pair.right().read(new byte[10]));
                Parked.await(first.thread());
                pair.left().write(new byte[1]);
                assertThat(first.result()).isEqualTo(1);
                sendWithDescriptor(pair.left());
                pair.left().write(new byte[3]);
                // Real time: nothing tells that a poller has reported all that there is.
                Thread.sleep(1);
                assertThat(pair.right().read(new byte[10])).as("cut short").isEqualTo(1);
                assertThat(pair.right().read(new byte[10])).isEqualTo(3);
            }
        }
    }

    /** One byte, and with it the sender's own descriptor. */
    private static void sendWithDescriptor(Conn conn) {
        int sent = Parked.descriptor(conn).use(UnixRightsTest::sendOwn);
        assertThat(sent).isEqualTo(1);
    }

    private static int sendOwn(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment vector = arena.allocate(16, 8);
            vector.set(ADDRESS, 0, arena.allocate(1));
            vector.set(JAVA_LONG, 8, 1);
            // cmsghdr: length (8), SOL_SOCKET (4), SCM_RIGHTS (4), the descriptor (4, padded).
            MemorySegment control = arena.allocate(24, 8);
            control.set(JAVA_LONG, 0, 20);
            control.set(JAVA_INT, 8, 1);
            control.set(JAVA_INT, 12, 1);
            control.set(JAVA_INT, 16, fd);
            MemorySegment header = arena.allocate(56, 8);
            header.set(ADDRESS, 16, vector);
            header.set(JAVA_LONG, 24, 1);
            header.set(ADDRESS, 32, control);
            header.set(JAVA_LONG, 40, 24);
            return (int) (long) SENDMSG.invokeExact(fd, header, 0);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
