package heddle.gateway;

import heddle.net.ConnResetException;
import heddle.net.Errno;
import heddle.net.NetError;
import java.io.EOFException;
import java.io.IOException;

/// Which message of a [Client] ends its connections, if one does. All calls come with the client's lock.
///
/// A server closes at a frame that is larger than its limit, after it has answered all before it, and says no more. So
/// when the server ends a connection, the oldest open message is suspected if it is longer than all that were answered
/// and nothing behind it is settled.
///
/// A server that dies looks the same. But it is away then for a moment, or takes the message from the next connection.
/// So a message is given up only after [#ENDS_MAX] connections in a row ended at it, none of which was hard to get. An
/// end that this client made itself, as when acks are overdue, tells nothing.
///
///     none       -> suspect, 1    ended()        by the server, at such a message
///     suspect, n -> suspect, n+1  ended()        likewise, at the same message
///     suspect, n -> suspect, 1    ended()        likewise, at another
///     suspect, n -> none          ended()        in any other way, or with nothing open
///     suspect, n -> none          unreachable()  the server is away: that ends connections too
///     suspect, n -> none          givesUp()      n is 3 or more: it is given up
///
/// A server that closes at whatever it is sent, as one may that cannot store, would lose message after message so. So
/// after one that was given up, the next is only when something has been answered, or when it is large. Until then it
/// stays suspected and is sent again.
final class Suspicion {

    static final int ENDS_MAX = 3;

    /** A message of so many bytes may well be too large for a server. */
    static final int LARGE_BYTES = 64 << 10;

    private static final long NONE = -1;

    // All guarded by the client's lock.

    /** The suspect's number. */
    private long suspect = NONE;

    /** How many connections in a row ended at it. */
    private int ends;

    /** The longest message that this server has answered, in bytes; -1 for none. */
    private int answeredBytesMax = -1;

    /** A message was given up since the last answer. */
    private boolean gaveUp;

    /** The server has answered a message of {@code length} bytes. */
    void answered(int length) {
        answeredBytesMax = Math.max(answeredBytesMax, length);
        gaveUp = false;
    }

    /** An attempt to connect has failed. */
    void unreachable() {
        suspect = NONE;
    }

    /**
     * A connection has ended, for {@code cause}, with {@code window} as it is: the cause, and the suspect if there is
     * one.
     */
    IOException ended(IOException cause, Window window) {
        if (window.open() == 0) {
            suspect = NONE;
            return cause;
        }
        long id = window.oldest();
        long number = window.number(id);
        int length = window.length(id);
        if (!isMadeByPeer(cause) || length <= answeredBytesMax || window.isSettledBehindOldest()) {
            suspect = NONE;
            return cause;
        }
        ends = suspect == number ? ends + 1 : 1;
        suspect = number;
        return new IOException(
                cause.getMessage()
                        + "; message "
                        + (number + 1)
                        + ", of "
                        + length
                        + " bytes, may be larger than the server's --max-frame",
                cause);
    }

    /** Whether the server closed, in order or not, rather than this side, or the network between them. */
    private static boolean isMadeByPeer(IOException end) {
        return end instanceof EOFException
                || end instanceof ConnResetException
                || (end instanceof NetError error && error.errno() == Errno.EPIPE);
    }

    /**
     * After {@link #ended}: whether the oldest open message is to be given up. Then it counts as given up, and the
     * caller settles it.
     */
    boolean givesUp(Window window) {
        if (suspect == NONE || ends < ENDS_MAX) {
            return false;
        }
        if (window.open() == 0 || window.number(window.oldest()) != suspect) {
            return false; // it was settled meanwhile
        }
        if (gaveUp && window.length(window.oldest()) < LARGE_BYTES) {
            return false;
        }
        gaveUp = true;
        suspect = NONE;
        return true;
    }
}
