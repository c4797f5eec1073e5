package heddle.internal.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.socket.Errno;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is between a ring and those who read: {@link Inbox} and {@link Intake}. */
class InboxTest {

    private final List<RingRequest> asked = new ArrayList<>();
    private final List<Piece> givenBack = new ArrayList<>();

    private final Inbox.Ring ring = new Inbox.Ring() {
        @Override
        public void ask(Inbox inbox) {
            asked.add(inbox);
        }

        @Override
        public void giveBack(Piece piece) {
            givenBack.add(piece);
        }

        @Override
        public boolean isDead() {
            return false;
        }
    };

    private final Inbox inbox = new Inbox(7, 1, ring);

    private int read() {
        return inbox.read(new byte[10], null, 0, 10);
    }

    private void comes(int bytes) {
        inbox.came(new Piece(0, MemorySegment.ofArray(new byte[bytes]), 0), bytes);
    }

    /** The kernel tells a reset once: after another receive it would be the end of the stream. */
    @Test
    void resetBetweenTheLookAndTheWaitIsTold() {
        inbox.receive();
        assertThat(read()).isEqualTo(-Errno.EAGAIN);
        inbox.ended(-Errno.ECONNRESET);
        inbox.receive();
        assertThat(asked).as("receives").hasSize(1);
        assertThat(inbox.isEmpty()).isFalse();
        assertThat(read()).isEqualTo(-Errno.ECONNRESET);
        assertThat(read()).as("told once").isEqualTo(Inbox.ASK_KERNEL);
        inbox.receive();
        assertThat(asked).as("receives").hasSize(2);
    }

    @Test
    void bytesComeBeforeWhatTheLastCompletionSaid() {
        inbox.receive();
        comes(3);
        inbox.ended(-Errno.ECONNRESET);
        inbox.receive();
        assertThat(read()).isEqualTo(3);
        assertThat(read()).isEqualTo(-Errno.ECONNRESET);
        assertThat(asked).as("receives").hasSize(1);
    }

    @Test
    void discardTellsWhetherSomethingWasUnread() {
        inbox.receive();
        comes(3);
        assertThat(read()).isEqualTo(3);
        inbox.discard();
        assertThat(inbox.hasDiscarded()).isFalse();
        comes(3);
        inbox.discard();
        assertThat(inbox.hasDiscarded()).isTrue();
        assertThat(givenBack).hasSize(2);
    }

    /** Else whoever waits for one of them would wait for ever: a dead poller abandons what is in its intake. */
    @Test
    void intakeKeepsWhatWasNotServed() {
        var intake = new Intake<RingRequest>();
        List<RingRequest> requests = List.of(inbox, new Outgoing(8), new Outgoing(9));
        requests.forEach(intake::push);
        List<RingRequest> served = new ArrayList<>();
        assertThrows(
                IllegalStateException.class,
                () -> intake.empty(request -> {
                    intake.push(request); // As somebody else may, once it is taken out.
                    if (!served.isEmpty()) {
                        throw new IllegalStateException("broken");
                    }
                    served.add(request);
                }));
        assertThat(served).containsExactly(inbox);
        intake.empty(served::add);
        assertThat(served).containsExactly(inbox, inbox, requests.get(1), requests.get(2));
        assertThat(intake.isEmpty()).isTrue();
    }
}
