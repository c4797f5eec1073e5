package heddle.net.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/** A flow of packets: each write is one, which one read takes, cut off where it asked for less. */
final class PacketFlow extends Flow {

    /** Enough for {@link Content#find} to tell whose it is, also of what is cut off. */
    private static final int BYTES_MIN = 2 * Content.CELL_BYTES;

    private static final int BYTES_MAX = 5_000;

    PacketFlow(int firstStream, int writers, int readers) {
        super(firstStream, writers, readers);
    }

    @Override
    int size(Random random, long left) {
        return BYTES_MIN + random.nextInt(random.nextInt(3) == 0 ? BYTES_MAX : 100);
    }

    @Override
    boolean hasPartialWrites() {
        return false;
    }

    @Override
    void check(boolean complete) {
        // Each writer's packets that nobody has got yet: their lengths by their places.
        List<TreeMap<Long, Long>> missing = new ArrayList<>();
        for (List<Long> lengths : taken) {
            TreeMap<Long, Long> packets = new TreeMap<>();
            long place = 0;
            for (long length : lengths) {
                packets.put(place, length);
                place += length;
            }
            missing.add(packets);
        }
        for (List<Piece> pieces : got) {
            long[] next = new long[writers()];
            for (Piece piece : pieces) {
                int writer = writer(piece.bytes);
                long place = Content.find(piece.bytes, stream(writer));
                String what = "the packet at " + place + " of writer " + writer;
                assertThat(place).as("order of " + what).isGreaterThanOrEqualTo(next[writer]);
                Long length = missing.get(writer).remove(place);
                assertThat(length).as(what + " is one, and comes once").isNotNull();
                assertThat(piece.bytes).as(what).isEqualTo(Content.of(stream(writer), place, (int)
                        Math.min(length, piece.asked)));
                next[writer] = place + length;
            }
        }
        for (int writer = 0; writer < writers(); writer++) {
            assertThat(missing.get(writer).isEmpty() || !complete)
                    .as("packets of writer %s that nobody got, of %s", writer, taken.get(writer))
                    .isTrue();
        }
    }

    private int writer(byte[] bytes) {
        for (int writer = 0; writer < writers(); writer++) {
            if (Content.find(bytes, stream(writer)) >= 0) {
                return writer;
            }
        }
        throw new AssertionError("no packet of ours: " + bytes.length + " bytes");
    }
}
