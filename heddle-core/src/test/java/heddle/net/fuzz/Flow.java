package heddle.net.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One direction of a connection: what its writers say was taken of them, against what its readers got. Each writer, and
 * each reader, adds to a list of its own; {@link #check} is for when all have ended.
 */
abstract class Flow {

    /** What a read got that asked for so many bytes. */
    static final class Piece {
        final int asked;
        final byte[] bytes;

        Piece(int asked, byte[] bytes) {
            this.asked = asked;
            this.bytes = bytes;
        }
    }

    private final int firstStream;

    /** For each writer the bytes that were taken of each of its calls, in their order. */
    final List<List<Long>> taken = new ArrayList<>();

    /** For each reader what it got by each of its calls, in their order. */
    final List<List<Piece>> got = new ArrayList<>();

    /** Writer {@code i}'s bytes are those of stream {@code firstStream + i}. */
    Flow(int firstStream, int writers, int readers) {
        this.firstStream = firstStream;
        for (int i = 0; i < writers; i++) {
            taken.add(new ArrayList<>());
        }
        for (int i = 0; i < readers; i++) {
            got.add(new ArrayList<>());
        }
    }

    int writers() {
        return taken.size();
    }

    int readers() {
        return got.size();
    }

    int stream(int writer) {
        return firstStream + writer;
    }

    /** {@code bytes} more were taken of {@code writer}. By that writer. */
    void tookFrom(int writer, long bytes) {
        taken.get(writer).add(bytes);
    }

    /** {@code reader} asked for so many bytes and got these. By that reader. */
    void gave(int reader, int asked, byte[] bytes) {
        got.get(reader).add(new Piece(asked, bytes));
    }

    /** A size for the next read, or for the next write of a writer with {@code left} bytes to go. */
    abstract int size(Random random, long left);

    /** Whether a call may end with only some of its bytes taken. */
    abstract boolean hasPartialWrites();

    /**
     * Fails unless what was read is what was written; all of it if it must be {@code complete}, else from the start on
     * without a gap.
     */
    abstract void check(boolean complete);
}
