package heddle.net.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * A flow of bytes. Several writers or several readers, not both: who of several writers came when is told by what one
 * reader got, and where each of several reads belongs by what one writer wrote.
 */
final class StreamFlow extends Flow {

    private final int bytesMax;

    /** With calls of at most {@code bytesMax} bytes. */
    StreamFlow(int firstStream, int writers, int readers, int bytesMax) {
        super(firstStream, writers, readers);
        this.bytesMax = bytesMax;
    }

    /** 0 now and then, small ones, large ones. */
    @Override
    int size(Random random, long left) {
        int size = switch (random.nextInt(10)) {
            case 0 -> random.nextInt(2);
            case 1, 2, 3 -> 1 + random.nextInt(100);
            case 4, 5, 6, 7 -> 1 + random.nextInt(5_000);
            default -> 1 + random.nextInt(bytesMax);
        };
        return (int) Math.min(size, left);
    }

    @Override
    boolean hasPartialWrites() {
        return true;
    }

    @Override
    void check(boolean complete) {
        long written =
                taken.stream().flatMap(List::stream).mapToLong(Long::longValue).sum();
        long read = got.stream()
                .flatMap(List::stream)
                .mapToLong(piece -> piece.bytes.length)
                .sum();
        String what = read + " bytes read of " + written;
        assertThat(read).as(what).isLessThanOrEqualTo(written);
        if (complete) {
            assertThat(read).as(what).isEqualTo(written);
        }
        if (readers() == 1) {
            checkMerge(concatenated(got.getFirst()));
        } else {
            checkSlices((int) read);
        }
    }

    private static byte[] concatenated(List<Piece> pieces) {
        byte[] all =
                new byte[pieces.stream().mapToInt(piece -> piece.bytes.length).sum()];
        int at = 0;
        for (Piece piece : pieces) {
            System.arraycopy(piece.bytes, 0, all, at, piece.bytes.length);
            at += piece.bytes.length;
        }
        return all;
    }

    /** The calls of each writer that are in what was read, up to some point in it. */
    private record Progress(List<Integer> calls, int bytes) {}

    /**
     * Whether {@code all} is made of whole calls of the writers, each writer's in their order; the last may be cut off.
     */
    private void checkMerge(byte[] all) {
        long[][] starts = new long[writers()][];
        for (int w = 0; w < writers(); w++) {
            starts[w] = starts(taken.get(w));
        }
        Deque<Progress> open = new ArrayDeque<>();
        Set<List<Integer>> seen = new HashSet<>();
        open.push(new Progress(Collections.nCopies(writers(), 0), 0));
        int furthest = 0;
        while (!open.isEmpty()) {
            Progress here = open.pop();
            furthest = Math.max(furthest, here.bytes);
            if (here.bytes == all.length) {
                return;
            }
            for (int w = 0; w < writers(); w++) {
                int call = here.calls.get(w);
                if (call == taken.get(w).size()) {
                    continue;
                }
                long length = taken.get(w).get(call);
                int count = (int) Math.min(length, all.length - here.bytes);
                if (Content.matches(all, here.bytes, count, stream(w), starts[w][call])) {
                    List<Integer> calls = new ArrayList<>(here.calls);
                    calls.set(w, call + 1);
                    if (seen.add(calls)) {
                        open.push(new Progress(calls, here.bytes + count));
                    }
                }
            }
        }
        throw new AssertionError("what was read is no sequence of whole writes from byte "
                + furthest
                + " of "
                + all.length
                + " on: "
                + describe(all, furthest)
                + "; taken of each write: "
                + taken);
    }

    private static long[] starts(List<Long> lengths) {
        long[] starts = new long[lengths.size()];
        for (int i = 1; i < starts.length; i++) {
            starts[i] = starts[i - 1] + lengths.get(i - 1);
        }
        return starts;
    }

    private String describe(byte[] all, int from) {
        byte[] rest = Arrays.copyOfRange(all, from, Math.min(all.length, from + 100));
        for (int w = 0; w < writers(); w++) {
            long place = Content.find(rest, stream(w));
            if (place >= 0) {
                return "there is byte " + place + " of writer " + w;
            }
        }
        return "there is " + Arrays.toString(rest);
    }

    /**
     * Whether the readers' pieces cover the one writer's stream from its start on, each byte once, and each reader's in
     * their order.
     */
    private void checkSlices(int length) {
        byte[] all = new byte[length];
        boolean[] covered = new boolean[length];
        List<byte[]> tooShort = new ArrayList<>();
        for (List<Piece> pieces : got) {
            long last = -1;
            for (Piece one : pieces) {
                byte[] piece = one.bytes;
                long place = Content.find(piece, stream(0));
                if (place < 0) {
                    // Shorter ones may lack eight bytes that belong together.
                    assertThat(piece.length)
                            .as("foreign bytes: %s", Arrays.toString(piece))
                            .isLessThan(2 * Content.CELL_BYTES - 1);
                    tooShort.add(piece);
                    continue;
                }
                assertThat(place).as("read after what stands at %s", last).isGreaterThan(last);
                last = place;
                assertThat(place + piece.length).as("end of a piece").isLessThanOrEqualTo(length);
                for (int i = 0; i < piece.length; i++) {
                    int at = (int) place + i;
                    assertThat(covered[at]).as("byte %s came twice", at).isFalse();
                    covered[at] = true;
                    all[at] = piece[i];
                }
            }
        }
        int[] missing = new int[256];
        for (int at = 0; at < length; at++) {
            if (covered[at]) {
                assertThat(all[at]).as("byte %s", at).isEqualTo(Content.at(stream(0), at));
            } else {
                missing[Content.at(stream(0), at) & 0xff]++;
            }
        }
        for (byte[] piece : tooShort) {
            for (byte b : piece) {
                missing[b & 0xff]--;
            }
        }
        assertThat(missing).as("bytes of the gaps, less those of short reads").containsOnly(0);
    }
}
