package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import org.junit.jupiter.api.Test;

/** The connections of these tests are ends one after the other; what is open in the window is sent over each. */
class SuspicionTest {

    private static final int SMALL = 100;

    private final Suspicion suspicion = new Suspicion();
    private final Window window = new Window(16, Long.MAX_VALUE, false);
    private long numbers;

    /** Opens a message of {@code length} bytes: its id. */
    private long open(int length) {
        return window.add(numbers++, new byte[length], 0, length, 0, null);
    }

    private void answer(long id) {
        suspicion.answered(window.length(id));
        window.settle(id);
    }

    /** The server ends a connection: whether a message is suspected, by what the client says. */
    private boolean endSuspects() {
        return suspicion.ended(new EOFException("closed"), window).getMessage().contains("message");
    }

    /** The server ends so many connections, none of which gives a message up. */
    private void endInVain(int count) {
        for (int i = 0; i < count; i++) {
            assertThat(endSuspects()).isTrue();
            assertThat(suspicion.givesUp(window)).as("end %d", i + 1).isFalse();
        }
    }

    /** The server ends three connections, and at the last the oldest message is given up. */
    private void endUntilGivenUp() {
        endInVain(2);
        assertThat(endSuspects()).isTrue();
        assertThat(suspicion.givesUp(window)).isTrue();
        window.settle(window.oldest());
    }

    @Test
    void theThirdEndInARowGivesUpAndTheMessageIsNamed() {
        open(SMALL);
        open(7);
        endInVain(2);
        var cause = new EOFException("closed");
        assertThat(suspicion.ended(cause, window))
                .hasMessage("closed; message 1, of 100 bytes, may be larger than the server's" + " --max-frame")
                .hasCause(cause);
        assertThat(suspicion.givesUp(window)).isTrue();
        assertThat(suspicion.givesUp(window)).isFalse();
    }

    @Test
    void eachMessageHasItsOwnThreeEnds() {
        long first = open(SMALL);
        open(SMALL + 1);
        endInVain(2);
        answer(first);
        endUntilGivenUp();
        assertThat(window.open()).isZero();
    }

    @Test
    void anEndThatIsNotTheServersStartsAnew() {
        open(SMALL);
        endInVain(2);
        var ours = new SocketException("acks are overdue");
        assertThat(suspicion.ended(ours, window)).isSameAs(ours);
        assertThat(suspicion.givesUp(window)).isFalse();
        endUntilGivenUp();
    }

    @Test
    void aServerThatWasAwayStartsAnew() {
        open(SMALL);
        endInVain(2);
        suspicion.unreachable();
        endUntilGivenUp();
    }

    @Test
    void aMessageNoLongerThanAnAnsweredOneIsNotSuspected() {
        answer(open(SMALL));
        open(SMALL);
        assertThat(endSuspects()).isFalse();
        assertThat(suspicion.givesUp(window)).isFalse();
    }

    @Test
    void aMessageWithAnAnsweredOneBehindItIsNotSuspected() {
        open(SMALL);
        answer(open(7));
        assertThat(endSuspects()).isFalse();
    }

    @Test
    void afterOneThatWasGivenUpASmallOneWaitsForAnAnswer() {
        open(SMALL);
        long second = open(SMALL);
        open(SMALL + 1);
        endUntilGivenUp();
        endInVain(5);
        answer(second);
        endUntilGivenUp();
    }

    @Test
    void afterOneThatWasGivenUpALargeOneDoesNotWait() {
        open(SMALL);
        open(Suspicion.LARGE_BYTES);
        endUntilGivenUp();
        endUntilGivenUp();
        assertThat(window.open()).isZero();
    }

    @Test
    void aSuspectThatIsAnsweredIsNoneAtTheNextEnd() {
        open(SMALL);
        long second = open(SMALL);
        endUntilGivenUp();
        endInVain(3);
        answer(second);
        IOException cause = new EOFException("closed");
        assertThat(suspicion.ended(cause, window)).isSameAs(cause);
        assertThat(suspicion.givesUp(window)).isFalse();
    }
}
