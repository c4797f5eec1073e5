package heddle.gateway;

/// One connection's turn of sending a client's numbered messages, each of which is kept once. Made by the connection's
/// session; from [Sink#resume] on the sink's writer alone reads and writes what may change here.
///
///     NEW         not resumed yet, or the resume failed
///     RESUMED     the name is this turn's
///     TAKEN_OVER  a later turn has resumed the name
///
///     NEW     -> RESUMED     resumed()    with the highest number that the store has for the name
///     RESUMED -> TAKEN_OVER  takenOver()  a later resume of the name
///
/// Of the numbers, while RESUMED:
///
///     1 ... kept | kept + 1 ... next - 1         | next      | next + 1 ...
///     durable    | in the commit that is made up | kept next | out of sequence
///
/// kept never runs ahead of the disk. A commit that fails sets next back to kept + 1. After one whose outcome is
/// unknown the sink ends; the next start reads from the disk which numbers are kept.
public final class Sequence {

    enum State {
        NEW,
        RESUMED,
        TAKEN_OVER
    }

    private final String name;
    private final OnceReceipt receipt;

    // All written and read by the sink's writer.
    private State state = State.NEW;
    private long next;
    private long kept;

    /** What the resume told. */
    private long resumedAt;

    /**
     * A turn that has not begun.
     *
     * @param name the client's
     * @param receipt told of the resume and of each message
     */
    public Sequence(String name, OnceReceipt receipt) {
        this.name = name;
        this.receipt = receipt;
    }

    /**
     * Whose messages these are.
     *
     * @return the client's name
     */
    public String name() {
        return name;
    }

    /**
     * Who is told.
     *
     * @return the receipt
     */
    public OnceReceipt receipt() {
        return receipt;
    }

    State state() {
        return state;
    }

    /** The number that is kept next. */
    long next() {
        return next;
    }

    long resumedAt() {
        return resumedAt;
    }

    /** Whether the number is known to be on the disk. */
    boolean isKept(long number) {
        return Long.compareUnsigned(number, kept) <= 0;
    }

    void resumed(long highest) {
        state = State.RESUMED;
        kept = highest;
        next = highest + 1;
        resumedAt = highest;
    }

    void takenOver() {
        state = State.TAKEN_OVER;
    }

    /** The next number is in the commit that is made up. */
    void advance() {
        next++;
    }

    void committed() {
        kept = next - 1;
    }

    /** The commit did not come about. */
    void setBack() {
        next = kept + 1;
    }
}
