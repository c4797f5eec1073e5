package heddle.internal.sys.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.socket.Errno;
import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketName;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Memory for a call is its taker's alone. */
class CallMemoryTest {

    private static final SockAddr ANY_PORT = SockAddr.ofV4(0x7f000001, 0);
    private static final ThreadLocal<CallMemory> OWN = new ThreadLocal<>();
    private static final int CALLS = 20_000;
    private static final int CALLERS = 8;

    @Test
    void ownMemoryIsTakenAgainAndAgain() {
        var own = new CallMemory();
        var pool = new CallMemory.Pool(() -> own);
        for (int i = 0; i < 3; i++) {
            CallMemory taken = pool.take();
            assertThat(taken).isSameAs(own);
            taken.giveBack();
        }
    }

    /** A thread that went to another carrier in the middle of a call has it still. */
    @Test
    void whoFindsItsOwnTakenGetsAnother() {
        var own = new CallMemory();
        var pool = new CallMemory.Pool(() -> own);
        CallMemory first = pool.take();
        CallMemory second = pool.take();
        CallMemory third = pool.take();
        assertThat(Set.of(first, second, third)).hasSize(3).contains(own);
        first.giveBack();
        assertThat(pool.take()).isSameAs(own);
    }

    @Test
    void threadsWithoutTheirOwnGetAsManyAsTheyTake() {
        var pool = new CallMemory.Pool(() -> null);
        List<CallMemory> taken = new ArrayList<>();
        int many = 4 * Runtime.getRuntime().availableProcessors() + 1;
        for (int i = 0; i < many; i++) {
            taken.add(pool.take());
        }
        assertThat(new HashSet<>(taken)).as("no two are the same").hasSize(many);
        taken.forEach(CallMemory::giveBack);
        assertThat(taken).as("they are kept for the next").contains(pool.take());
    }

    /** Every other caller has memory of its own, which is taken each second time: as after a move in a call. */
    @Test
    void callersDoNotSeeEachOthersBytes() throws Exception {
        var pool = new CallMemory.Pool(OWN::get);
        try (ExecutorService threads = Executors.newFixedThreadPool(CALLERS)) {
            List<Callable<Integer>> callers = new ArrayList<>();
            for (int i = 1; i <= CALLERS; i++) {
                int mine = i;
                callers.add(() -> {
                    OWN.set(mine % 2 == 0 ? new CallMemory() : null);
                    return strangeBytes(pool, mine);
                });
            }
            for (Future<Integer> found : threads.invokeAll(callers)) {
                assertThat(found.get()).as("bytes of others").isZero();
            }
        }
    }

    private static int strangeBytes(CallMemory.Pool pool, int mine) {
        int strange = 0;
        byte[] got = new byte[64];
        for (int i = 0; i < CALLS; i++) {
            CallMemory interrupted = i % 2 == 0 ? pool.take() : null;
            CallMemory memory = pool.take();
            memory.bytes.asSlice(0, got.length).fill((byte) mine);
            memory.errno.set(JAVA_INT, 0, mine);
            if (interrupted != null) {
                interrupted.errno.set(JAVA_INT, 0, 0);
                interrupted.giveBack();
            }
            MemorySegment.copy(memory.bytes, JAVA_BYTE, 0, got, 0, got.length);
            for (byte one : got) {
                strange += one == mine ? 0 : 1;
            }
            strange += memory.result(-1) == -mine ? 0 : 1;
            memory.giveBack();
        }
        return strange;
    }

    @Test
    void resultIsTheCallsOrItsErrno() {
        var memory = new CallMemory();
        memory.errno.set(JAVA_INT, 0, Errno.EPIPE);
        assertThat(memory.result(7)).isEqualTo(7);
        assertThat(memory.result(0)).isZero();
        assertThat(memory.result(-1)).isEqualTo(-Errno.EPIPE);
    }

    @Test
    void bytesOfEachLengthArriveWhole() throws Exception {
        var sys = new LinuxSyscalls();
        int most = CallMemory.COPIED_MAX;
        int[] lengths = {1, 64, most - 1, most, most + 1, CallMemory.BYTES, CallMemory.BYTES + 1};
        int[] expecteds = {0, most, most + 1};
        int listener = sys.socket(SockAddr.VERSION_4, true);
        int left = sys.socket(SockAddr.VERSION_4, false);
        SocketName[] address = new SocketName[1];
        int right = -Errno.EAGAIN;
        try {
            assertThat(sys.bind(listener, SockAddr.VERSION_4, ANY_PORT)).isZero();
            assertThat(sys.listen(listener, 1)).isZero();
            assertThat(sys.localAddress(listener, address)).isZero();
            int connecting = sys.connect(left, SockAddr.VERSION_4, address[0]);
            assertThat(connecting == 0 || connecting == -Errno.EINPROGRESS).isTrue();
            do {
                right = sys.accept(listener, address);
            } while (right == -Errno.EAGAIN);
            assertThat(right).as("accepted").isNotNegative();
            for (int k = 0; k < lengths.length * expecteds.length; k++) {
                int length = lengths[k / expecteds.length];
                int expected = expecteds[k % expecteds.length];
                byte[] sent = new byte[length + 5];
                for (int i = 0; i < sent.length; i++) {
                    sent[i] = (byte) (i * 31);
                }
                assertThat(sys.send(left, sent, 3, length, false)).isEqualTo(length);
                byte[] got = new byte[length + 9];
                int n = 0;
                while (n < length) {
                    int more = sys.recv(right, got, 7 + n, length - n, expected);
                    assertThat(more == -Errno.EAGAIN || more > 0)
                            .as("recv said %d", more)
                            .isTrue();
                    n += Math.max(0, more);
                }
                assertThat(Arrays.copyOfRange(got, 7, 7 + length)).isEqualTo(Arrays.copyOfRange(sent, 3, 3 + length));
                assertThat(got)
                        .as("nothing beside it")
                        .startsWith(0, 0, 0, 0, 0, 0, 0)
                        .endsWith(0, 0);
            }
            assertThat(sys.recv(right, new byte[8], 0, 8, 0)).isEqualTo(-Errno.EAGAIN);
        } finally {
            sys.close(listener);
            sys.close(left);
            if (right >= 0) {
                sys.close(right);
            }
        }
    }
}
