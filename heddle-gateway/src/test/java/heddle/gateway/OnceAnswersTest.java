package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.net.Heddle;
import heddle.testing.Await;
import heddle.testing.Task;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a {@link Client} that sends once makes of each answer, and of none: the test is the server, and the clock. */
@Timeout(60)
class OnceAnswersTest extends ClientTestBase {

    private static ClientOptions once() {
        return options().once(true).name("n");
    }

    /** Submits {@code a}, {@code b} and {@code c}, and waits for all. */
    private static Task<Void> submitThree(Client client) {
        return Task.run(() -> {
            for (String message : new String[] {"a", "b", "c"}) {
                submit(client, message);
            }
            client.awaitSettled();
        });
    }

    private static void expectSubmits(FakeServer.Peer peer, String... submits) throws IOException {
        for (String submit : submits) {
            assertThat(peer.readSubmit()).isEqualTo(submit);
        }
    }

    /** Three messages that are submitted, and where they have come to. */
    private record Three(Task<Void> all, FakeServer.Peer peer) {}

    /** Submits three to {@code server}, which takes them behind {@code highest}. */
    private static Three taken(FakeServer server, Client client, long highest) throws Exception {
        var next = server.next();
        Task<Void> all = submitThree(client);
        var peer = next.get();
        peer.resume(highest);
        expectSubmits(peer, (highest + 1) + ":a", (highest + 2) + ":b", (highest + 3) + ":c");
        return new Three(all, peer);
    }

    private void expectAllKept(Task<Void> all) throws Exception {
        all.result();
        assertThat(told.results.values()).hasSize(3).containsOnly(Result.SUCCESS);
    }

    /** Overloaded, not stored, out of sequence, in doubt: all behind it is sent again, after a resume. */
    @ParameterizedTest
    @ValueSource(ints = {Result.OVERLOADED, Result.NOT_STORED, Result.OUT_OF_SEQUENCE, Result.IN_DOUBT})
    void whatIsAnsweredForNowIsSentAgainAfterAResume(int result) throws Exception {
        try (var server = new FakeServer();
                var client = new Client(server.address, once(), told)) {
            var three = taken(server, client, 0);
            var first = three.peer;
            var next = server.next();
            first.answerOnce(1, Result.SUCCESS);
            first.answerOnce(2, result);
            first.answerOnce(3, Result.OUT_OF_SEQUENCE);
            var second = next.get();
            second.resume(1);
            expectSubmits(second, "2:b", "3:c");
            second.answerOnce(2, Result.SUCCESS);
            second.answerOnce(3, Result.SUCCESS);
            expectAllKept(three.all);
            assertThat(told.causes)
                    .singleElement()
                    .satisfies(cause ->
                            assertThat(cause).hasMessage("submit once " + server.address + ": " + Result.text(result)));
            first.socket.close();
            second.socket.close();
        }
    }

    /** In doubt, and the resume tells that it is kept. */
    @Test
    void whatAResumeTellsIsKeptIsNotSentAgain() throws Exception {
        try (var server = new FakeServer();
                var client = new Client(server.address, once(), told)) {
            var three = taken(server, client, 40);
            var next = server.next();
            three.peer.answerOnce(41, Result.IN_DOUBT);
            var second = next.get();
            second.resume(42);
            expectSubmits(second, "43:c");
            second.answerOnce(43, Result.SUCCESS);
            expectAllKept(three.all);
            three.peer.socket.close();
            second.socket.close();
        }
    }

    /** Else it would stay open, and nobody would read it. */
    @Test
    void anOutcomeThatThrowsWhenTheResumeTellsEndsTheConnectionAndTheNextCallMakesAnother() throws Exception {
        var throwing = new Told() {
            @Override
            public void settled(long number, int result, long latencyNanos) {
                super.settled(number, result, latencyNanos);
                if (number == 0) {
                    throw new IllegalStateException("thrown by the test's outcome");
                }
            }
        };
        try (var server = new FakeServer();
                var client = new Client(server.address, once(), throwing)) {
            var three = taken(server, client, 0);
            var next = server.next();
            three.peer.reset();
            var second = next.get();
            second.resume(1);
            three.all.failure(IllegalStateException.class);
            second.readEnd();
            next = server.next();
            Task<Void> rest = Task.run(client::awaitSettled);
            var third = next.get();
            third.resume(1);
            expectSubmits(third, "2:b", "3:c");
            third.answerOnce(2, Result.SUCCESS);
            third.answerOnce(3, Result.SUCCESS);
            rest.result();
            assertThat(throwing.results.values()).hasSize(3).containsOnly(Result.SUCCESS);
            third.socket.close();
        }
    }

    @Test
    void whoIsTakenOverMakesNoOtherConnection() throws Exception {
        try (var server = new FakeServer();
                var client = new Client(server.address, once(), told)) {
            var three = taken(server, client, 0);
            three.peer.answerOnce(1, Result.SUCCESS);
            three.peer.answerOnce(2, Result.TAKEN_OVER);
            three.peer.socket.close();
            three.all.result();
            assertThat(told.results)
                    .containsEntry(0L, Result.SUCCESS)
                    .containsEntry(1L, Result.TAKEN_OVER)
                    .containsEntry(2L, Result.UNKNOWN);
            assertThrows(IOException.class, () -> submit(client, "late"));
            assertThat(server.accepted()).isOne();
        }
    }

    // ---- Time

    private Client clientOf(FakeServer server, Heddle heddle) {
        return new Client(server.address, once().runtime(heddle), told);
    }

    /** By steps so short that no other time passes meanwhile. */
    private void advanceUntil(String what, Await.Condition condition) throws Exception {
        Await.until(what, () -> {
            boolean holds = condition.holds();
            if (!holds) {
                clock.advance(Duration.ofSeconds(1));
            }
            return holds;
        });
    }

    /** Lets the pause before the next attempt pass, once the client is in it. */
    private FakeServer.Peer nextAfterPause(Future<FakeServer.Peer> next) throws Exception {
        Await.until("another connection", () -> {
            if (clock.waiting() > 0) {
                clock.advance(Duration.ofMillis(20));
            }
            return next.isDone();
        });
        return next.get();
    }

    @Test
    void aResumeThatIsNotAnsweredIsAskedAgainOverAnotherConnection() throws Exception {
        try (Heddle heddle = heddle();
                var server = new FakeServer();
                var client = clientOf(server, heddle)) {
            var next = server.next();
            Task<Void> all = submitThree(client);
            var first = next.get();
            first.readResume();
            next = server.next();
            clock.advance(Duration.ofSeconds(10).minusNanos(1));
            assertThat(told.retries).hasValue(0);
            clock.advance(Duration.ofNanos(1));
            var second = nextAfterPause(next);
            assertThat(told.retries).hasValue(1);
            second.resume(0);
            expectSubmits(second, "1:a", "2:b", "3:c");
            for (int number = 1; number <= 3; number++) {
                second.answerOnce(number, Result.SUCCESS);
            }
            expectAllKept(all);
            first.socket.close();
            second.socket.close();
        }
    }

    @Test
    void aServerThatOwesAcksForAMinuteIsLeftAndAskedWhatItHas() throws Exception {
        try (Heddle heddle = heddle();
                var server = new FakeServer();
                var client = clientOf(server, heddle)) {
            var three = taken(server, client, 0);
            long sent = clock.nanos();
            var next = server.next();
            advanceUntil("the loss", () -> !told.lost.isEmpty());
            assertThat(clock.nanos() - sent)
                    .isGreaterThanOrEqualTo(Duration.ofSeconds(60).toNanos());
            var second = next.get();
            second.resume(2);
            expectSubmits(second, "3:c");
            second.answerOnce(3, Result.SUCCESS);
            expectAllKept(three.all);
            three.peer.socket.close();
            second.socket.close();
        }
    }

    @Test
    void whatNoServerTakesForHalfAMinuteIsUnknown() throws Exception {
        var server = new FakeServer();
        try (Heddle heddle = heddle();
                var client = clientOf(server, heddle)) {
            var three = taken(server, client, 0);
            three.peer.answerOnce(1, Result.SUCCESS);
            told.await(1);
            server.close();
            long left = clock.nanos();
            three.peer.reset();
            advanceUntil("the end", three.all::isDone);
            three.all.failure(IOException.class);
            assertThat(clock.nanos() - left)
                    .isGreaterThanOrEqualTo(Duration.ofSeconds(30).toNanos());
            assertThat(told.results)
                    .containsEntry(0L, Result.SUCCESS)
                    .containsEntry(1L, Result.UNKNOWN)
                    .containsEntry(2L, Result.UNKNOWN);
        }
    }

    /** Each connection lasts 20 s, and only by its resume one learns that the one before it has brought a message. */
    @Test
    void whatAResumeCountsAsKeptGivesTheServerMoreTime() throws Exception {
        try (Heddle heddle = heddle();
                var server = new FakeServer();
                var client = clientOf(server, heddle)) {
            var next = server.next();
            Task<Void> all = submitThree(client);
            for (int kept = 0; kept <= 2; kept++) {
                var peer = next.get();
                peer.resume(kept);
                assertThat(peer.readSubmit()).startsWith(kept + 1 + ":");
                clock.advance(Duration.ofSeconds(20));
                next = server.next();
                peer.reset();
            }
            next.get().resume(3);
            expectAllKept(all);
            next.get().socket.close();
        }
    }
}
