package heddle.cli;

import heddle.gateway.Outcome;
import heddle.gateway.RefusedException;
import heddle.gateway.Result;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the messages of one connection of a {@link Submit}: counts them, says when the connection is lost,
 * and whether that ends the command. Told by the client's thread, asked by the one that submits.
 */
final class Delivery implements Outcome {
    private final Tally tally;
    private final boolean goesOn;
    private final Consumer<String> notes;

    /** When a message, by its number, was to be sent, by {@link System#nanoTime}; null for when it was. */
    private final @Nullable LongUnaryOperator dueNanos;

    private volatile @Nullable IOException lost;

    /** The loss was the end of the command. Written before {@link #lost}. */
    private volatile boolean over;

    /** Where the lines come from. Written by the submitting thread, read by the client's. */
    private volatile @Nullable Closeable input;

    /**
     * A connection's.
     *
     * @param goesOn whether the end of a connection is not that of the command
     * @param notes hears what people should know
     * @param dueNanos when a message was to be sent, so that its latency counts from then; null for when it was
     */
    Delivery(Tally tally, boolean goesOn, Consumer<String> notes, @Nullable LongUnaryOperator dueNanos) {
        this.tally = tally;
        this.goesOn = goesOn;
        this.notes = notes;
        this.dueNanos = dueNanos;
    }

    @Override
    public void settled(long number, int result, long latencyNanos) {
        var due = dueNanos;
        tally.settled(result, due == null ? latencyNanos : System.nanoTime() - due.applyAsLong(number));
    }

    @Override
    public void lost(IOException cause, int unsettled) {
        over = !goesOn || isTakenOver(cause);
        lost = cause;
        if (over) {
            endInput();
        } else {
            notes.accept(cause.getMessage() + "; connecting again to send " + unsettled + " messages again");
        }
    }

    /** Another client has the name of one that sends once, which ends here. */
    private static boolean isTakenOver(IOException cause) {
        return cause instanceof RefusedException refused && refused.result() == Result.TAKEN_OVER;
    }

    @Override
    public void retrying(IOException cause, Duration remaining) {
        if (goesOn) {
            notes.accept(cause.getMessage()
                    + "; trying again for "
                    + Math.ceilDiv(remaining.toMillis(), 1000)
                    + " s at most");
        }
    }

    @Override
    public void reconnected() {
        notes.accept("connected again");
    }

    /** Lines come from {@code source} now; the end of the connection closes it. */
    void reads(Closeable source) {
        input = source;
        // Look again: lost() before the store above found nothing to close.
        if (over) {
            endInput();
        }
    }

    /** So that the end does not wait for a line. */
    private void endInput() {
        var open = input;
        try {
            if (open != null) {
                open.close();
            }
        } catch (IOException e) {
            // The descriptor is gone all the same; close(2).
        }
    }

    /** What ended the connection, and with it the command; null if nothing did. */
    @Nullable
    IOException end() {
        return over ? lost : null;
    }

    /** Throws what ended the connection, if that ends the command before it has sent what is there. */
    void checkMaySend(boolean more) throws IOException {
        var end = end();
        if (more && end != null) {
            throw end;
        }
    }
}
