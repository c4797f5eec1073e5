package heddle.internal.fd;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.net.ConnPair;
import heddle.net.Insides;
import heddle.net.Parked;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

@Ways
class LenderTest {

    @Test
    void lastBufferThatCameBackIsTheNext() {
        var lender = new Lender();
        ByteBuffer first = lender.take();
        ByteBuffer second = lender.take();
        assertThat(second).isNotSameAs(first);
        lender.give(second);
        assertThat(lender.take()).isSameAs(second);
    }

    @Test
    void keepsNoMoreThanItMay() {
        var lender = new Lender();
        List<ByteBuffer> taken = new ArrayList<>();
        for (int i = 0; i < 2 * Lender.KEPT_MAX; i++) {
            taken.add(lender.take());
        }
        taken.forEach(lender::give);
        assertThat(lender.size()).isEqualTo(Lender.KEPT_MAX);
    }

    /** Each of them has read once. If they held a buffer, none that was made would be left. */
    @Test
    void whoWaitsHoldsNone() throws Exception {
        Lender lender = Insides.of(Runtimes.current()).descriptors().lender();
        List<ConnPair> pairs = new ArrayList<>();
        List<Task<Integer>> readers = new ArrayList<>();
        try {
            for (int i = 0; i < 2 * Lender.KEPT_MAX; i++) {
                ConnPair pair = ConnPair.tcp();
                pairs.add(pair);
                pair.left().write(new byte[] {1});
                readers.add(Task.start(() -> {
                    pair.right().readLent(ByteBuffer::get);
                    return pair.right().readLent(ByteBuffer::get);
                }));
            }
            for (Task<Integer> reader : readers) {
                Parked.await(reader.thread());
            }
            assertThat(lender.size()).as("buffers that nobody holds").isPositive();
            for (ConnPair pair : pairs) {
                pair.left().write(new byte[] {2});
            }
            for (Task<Integer> reader : readers) {
                assertThat(reader.result()).isEqualTo(1);
            }
        } finally {
            for (ConnPair pair : pairs) {
                pair.close();
            }
        }
    }
}
