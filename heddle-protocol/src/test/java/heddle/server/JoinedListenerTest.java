package heddle.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.net.Listener;
import heddle.net.Net;
import heddle.testing.Task;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class JoinedListenerTest {

    private final List<Listener> all = new ArrayList<>();
    private JoinedListener joined;

    @BeforeEach
    void listen() throws IOException {
        for (int i = 0; i < 3; i++) {
            all.add(Net.listen("tcp", "127.0.0.1:0"));
        }
        joined = new JoinedListener(all);
    }

    @AfterEach
    void close() throws IOException {
        joined.close();
    }

    private static Conn dial(Listener to) throws IOException {
        return Net.dial("tcp", to.address().toString());
    }

    @Test
    void connectionsOfAllAreAccepted() throws Exception {
        var reached = new HashSet<>();
        for (int turn = 0; turn < 10; turn++) {
            for (var one : all) {
                try (Conn dialed = dial(one);
                        Conn accepted = joined.accept()) {
                    assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
                    reached.add(accepted.localAddress());
                }
            }
        }
        assertThat(reached).hasSize(3).containsExactlyInAnyOrderElementsOf(joined.addresses());
    }

    @Test
    void theCloseEndsWhoWaits() throws Exception {
        var waiting = Task.start(joined::accept);
        joined.close();
        waiting.failure(ConnClosedException.class);
        assertThat(joined.isOpen()).isFalse();
        assertThat(all).noneMatch(Listener::isOpen);
    }

    /** All three accept for the one who asks. */
    @Test
    void whatWasAcceptedAheadIsHandedOutAfterTheClose() throws Exception {
        var waiting = Task.start(joined::accept);
        List<Conn> dialed = new ArrayList<>();
        for (var one : all) {
            dialed.add(dial(one));
        }
        List<Conn> accepted = new ArrayList<>(List.of(waiting.result()));
        joined.close();
        while (true) {
            try {
                accepted.add(joined.accept());
            } catch (ConnClosedException e) {
                break;
            }
        }
        for (Conn one : accepted) {
            one.write(new byte[] {1});
            one.close();
        }
        int answered = 0;
        for (Conn one : dialed) {
            try (one) {
                answered += one.read(new byte[2]);
            } catch (IOException e) {
                // It was in a backlog, which the close resets.
            }
        }
        assertThat(answered).isEqualTo(accepted.size());
    }

    @Test
    void acceptEndsAtItsDeadline() throws Exception {
        joined.setDeadline(Deadline.PAST);
        assertThrows(DeadlineExceededException.class, joined::accept);
        joined.setDeadline(Deadline.NONE);
        var waiting = Task.start(joined::accept);
        joined.setDeadline(Deadline.after(Duration.ofMillis(10)));
        waiting.failure(DeadlineExceededException.class);
        joined.setDeadline(Deadline.NONE);
        try (Conn dialed = dial(all.getLast());
                Conn accepted = joined.accept()) {
            assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
        }
    }

    @Test
    void aListenerThatFailsIsToldAndTheOthersGoOn() throws Exception {
        all.getFirst().close();
        assertThrows(ConnClosedException.class, joined::accept);
        assertThat(joined.isOpen()).isTrue();
    }
}
