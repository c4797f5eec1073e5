package heddle.lab;

/**
 * A call that one side made, written down when it ended. Times are nanoseconds since the run began.
 *
 * @param side who called, for instance {@code server}
 * @param name the call with what it was given, for instance {@code read(10)}
 * @param beginNanos when it was called
 * @param endNanos when it returned or failed
 * @param parkedNanos when its thread was seen waiting; 0 if nobody looked or it never was
 * @param n bytes or whatever it counts; {@link #END_OF_STREAM}, {@link #NOTHING}
 * @param text what came of it for people, or ""
 * @param error its failure, or ""
 * @param timeout whether that failure is a timeout by type
 */
public record Call(
        String side,
        String name,
        long beginNanos,
        long endNanos,
        long parkedNanos,
        long n,
        String text,
        String error,
        boolean timeout) {

    /** {@link #n} of a read at the end of the stream. */
    static final long END_OF_STREAM = -1;

    /** {@link #n} of a call that counts nothing. */
    static final long NOTHING = -2;

    boolean failed() {
        return !error.isEmpty();
    }

    boolean isEndOfStream() {
        return n == END_OF_STREAM;
    }

    long nanos() {
        return endNanos - beginNanos;
    }

    /** The name without what the call was given: {@code read} of {@code read(10)}. */
    String verb() {
        int end = 0;
        while (end < name.length() && Character.isLetter(name.charAt(end))) {
            end++;
        }
        return name.substring(0, end);
    }

    /** Whether it began before {@code other} began, and ended after that. */
    boolean spansTheBeginningOf(Call other) {
        return beginNanos <= other.beginNanos && endNanos >= other.beginNanos;
    }

    /** What came of it, as one line. */
    String outcome() {
        if (failed()) {
            return (n > 0 ? Numbers.count(n) + ", " : "") + error;
        }
        if (isEndOfStream()) {
            return "end of stream";
        }
        String count = n == NOTHING ? "" : Numbers.count(n);
        return count + (count.isEmpty() || text.isEmpty() ? "" : " ") + text;
    }

    /** The same without the addresses in an error. */
    String outcomeInShort() {
        return outcome().replaceFirst("\\w+ tcp [0-9.:>-]+: ", "");
    }

    /** Whether the same side made the same call and the same came of it. */
    boolean isLike(Call other) {
        return side.equals(other.side) && name.equals(other.name) && outcome().equals(other.outcome());
    }
}
