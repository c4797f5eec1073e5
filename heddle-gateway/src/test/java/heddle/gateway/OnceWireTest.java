package heddle.gateway;

import static heddle.gateway.RawClient.numbered;
import static heddle.gateway.RawClient.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.gateway.log.LogVerifier;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Version 1.1 of the protocol, rule by rule, against a client that is not ours: over a store on the disk, and where a
 * commit must wait or fail, over one in memory.
 */
@Timeout(60)
class OnceWireTest {

    @TempDir
    private Path folder;

    private final Counters counters = new Counters();
    private final ManualStore store = new ManualStore();

    @AfterEach
    void end() {
        store.release();
    }

    /** A gateway and its store; closing it closes both. */
    private record Server(RunningGateway gateway, StoreSink sink) implements AutoCloseable {

        RawClient dial(String name) throws IOException {
            return gateway.dial().introduced(name);
        }

        @Override
        public void close() throws IOException {
            gateway.close();
            sink.close();
        }
    }

    private Server start(StoreSink sink) throws IOException {
        return new Server(new RunningGateway(sink, new GatewayOptions(), counters), sink);
    }

    private Server onDisk() throws IOException {
        return start(new StoreSink(folder, new StoreOptions(), counters));
    }

    private Server inMemory() throws IOException {
        return start(new StoreSink(folder, new StoreOptions(), counters, store));
    }

    private List<String> stored() throws IOException {
        return Stored.texts(folder);
    }

    private static byte[] all(long first, long last) {
        var bytes = new ByteArrayOutputStream();
        LongStream.rangeClosed(first, last).forEach(number -> bytes.writeBytes(numbered(3, number, "m" + number)));
        return bytes.toByteArray();
    }

    // ---- Vectors

    @Test
    void theVectors() throws Exception {
        try (var server = onDisk();
                var client = server.dial("ab")) {
            client.sendHex("00 00 00 0d 04 00 00 00 00 00 00 00 07");
            client.expectHex("00 00 00 16 84 00 00 00 00 00 00 00 07 00 00 00 00 00 00 00 00 00");
            client.sendHex("00 00 00 12 03 00 00 00 00 00 00 00 01 68 65 6c 6c 6f");
            client.expectHex("00 00 00 0e 83 00 00 00 00 00 00 00 01 00");
        }
        assertThat(stored()).containsExactly("hello");
    }

    // ---- Rule 10: resume takes the name over

    @ParameterizedTest
    @ValueSource(ints = {0x03, 0x04})
    void beforeConnBothAreAnsweredAndEndTheConnection(int command) throws Exception {
        try (var server = onDisk();
                var client = server.gateway().dial()) {
            client.send(numbered(command, 7, ""));
            if (command == 4) {
                client.expectResumeAck(2, 0);
            } else {
                client.expectOnce(7, 2);
            }
            client.expectEndOfStream();
            server.gateway().endAndExpect(Counter.ERROR_NOT_INTRODUCED, 1);
        }
    }

    @Test
    void aSecondResumeIsAMistake() throws Exception {
        try (var server = onDisk();
                var client = server.dial("a")) {
            client.resume(0);
            client.sendResume();
            client.expectResumeAck(1, 0);
            client.expectEndOfStream();
            server.gateway().endAndExpect(Counter.ERROR_MALFORMED, 1);
        }
    }

    @Test
    void aResumeWithSomethingInItIsAMistake() throws Exception {
        try (var server = onDisk();
                var client = server.dial("a")) {
            client.send(numbered(4, 7, "?"));
            client.expectResumeAck(1, 0);
            client.expectEndOfStream();
        }
    }

    @Test
    void aLaterResumeTakesTheNameOver() throws Exception {
        try (var server = onDisk();
                var older = server.dial("a");
                var other = server.dial("b")) {
            older.resume(0);
            other.resume(0);
            older.once(1, "one");
            older.expectOnce(1, 0);
            try (var newer = server.dial("a")) {
                newer.resume(1);
                older.once(2, "refused");
                older.expectOnce(2, 7);
                older.expectEndOfStream();
                newer.once(2, "two");
                newer.expectOnce(2, 0);
                // Another name's numbers are its own.
                other.once(1, "b's");
                other.expectOnce(1, 0);
            }
            server.gateway().endAndExpect(Counter.ACKS_TAKEN_OVER, 1);
        }
        assertThat(stored()).containsExactly("one", "two", "b's");
        assertThat(counters.value(Counter.RESUMES)).isEqualTo(3);
    }

    @Test
    void whoHasLostTheNameMayGoOnWithPlainSubmits() throws Exception {
        try (var server = onDisk();
                var older = server.dial("a");
                var newer = server.dial("a")) {
            older.resume(0);
            newer.resume(0);
            older.submit(5, "plain");
            older.expectAck(0x82, 5, 0);
        }
    }

    /** The commit of the older connection's messages is under way when the newer one resumes. */
    @Test
    void whatTheOlderConnectionHadSentIsSettledBeforeTheResumeIsAnswered() throws Exception {
        try (var server = inMemory();
                var older = server.dial("a");
                var newer = server.dial("a")) {
            older.resume(0);
            store.hold();
            older.once(1, "m");
            store.awaitHeld();
            older.once(2, "m");
            server.gateway().await(Counter.SUBMITS, 2);
            newer.sendResume();
            newer.expectSilence(50);
            store.release();
            newer.expectResumed(2);
            older.expectOnce(1, 0);
            older.expectOnce(2, 0);
        }
        assertThat(store.stored()).containsExactly(1L, 2L);
    }

    @Test
    void whatTheOlderConnectionSendsBehindTheResumeIsRefused() throws Exception {
        try (var server = inMemory();
                var plain = server.dial("b");
                var older = server.dial("a");
                var newer = server.dial("a")) {
            older.resume(0);
            store.hold();
            plain.submit(1, "holds the store");
            store.awaitHeld();
            older.once(1, "m");
            server.gateway().await(Counter.SUBMITS, 2);
            newer.sendResume();
            // Nothing counts a resume before it is answered.
            newer.expectSilence(100);
            older.once(2, "m");
            older.once(3, "m");
            server.gateway().await(Counter.SUBMITS, 4);
            store.release();
            newer.expectResumed(1);
            older.expectOnce(1, 0);
            older.expectOnce(2, 7);
            older.expectOnce(3, 7);
            older.expectEndOfStream();
        }
    }

    /** The older connection is gone, and its message is still in the queue. */
    @Test
    void whatADeadConnectionHadSentIsSettledBeforeTheResumeIsAnswered() throws Exception {
        try (var server = inMemory();
                var plain = server.dial("b");
                var newer = server.dial("a")) {
            store.hold();
            plain.submit(1, "holds the store");
            store.awaitHeld();
            var older = server.dial("a");
            older.sendResume();
            older.once(1, "m");
            server.gateway().await(Counter.SUBMITS, 2);
            older.socket.setSoLinger(true, 0);
            older.hangUp();
            server.gateway().await(Counter.CONNECTIONS_CLOSED, 1);
            newer.sendResume();
            newer.expectSilence(50);
            store.release();
            newer.expectResumed(1);
        }
    }

    @Test
    void aResumeThatTheSinkDoesNotTakeIsRefusedAndEndsTheConnection() throws Exception {
        try (var server = inMemory();
                var client = server.dial("a")) {
            server.sink().close();
            client.send(numbered(4, 7, ""));
            client.expectResumeAck(5, 0);
            client.expectEndOfStream();
        }
    }

    // ---- Rule 11: each number once, in order

    @Test
    void manyAreInFlightAndRepeatsAreAcknowledgedAndNotStored() throws Exception {
        try (var server = onDisk();
                var client = server.dial("a")) {
            client.resume(0);
            client.send(all(1, 1000));
            client.send(all(500, 1500));
            for (long number = 1; number <= 1000; number++) {
                client.expectOnce(number, 0);
            }
            for (long number = 500; number <= 1500; number++) {
                client.expectOnce(number, 0);
            }
        }
        assertThat(stored())
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, 1500).mapToObj(n -> "m" + n).toList());
        assertThat(counters.value(Counter.REPEATS)).isEqualTo(501);
    }

    @Test
    void whatIsBeyondTheNextIsRefusedUntilTheMissingOneComes() throws Exception {
        try (var server = onDisk();
                var client = server.dial("a")) {
            client.resume(0);
            client.once(1, "one");
            client.once(3, "three");
            client.once(4, "four");
            client.once(2, "two");
            client.once(3, "three");
            client.expectOnce(1, 0);
            client.expectOnce(3, 6);
            client.expectOnce(4, 6);
            client.expectOnce(2, 0);
            client.expectOnce(3, 0);
        }
        assertThat(stored()).containsExactly("one", "two", "three");
    }

    @Test
    void behindAMessageThatIsTooLargeTheNextIsOutOfSequence() throws Exception {
        var options = new StoreOptions().queue(100, 200);
        try (var server = start(new StoreSink(folder, options, counters));
                var client = server.dial("a")) {
            client.resume(0);
            client.once(1, "x".repeat(1000));
            client.expectOnce(1, 4);
            client.once(2, "two");
            client.expectOnce(2, 6);
            client.once(1, "one");
            client.expectOnce(1, 0);
        }
        assertThat(stored()).containsExactly("one");
    }

    /** Repeats within the commit that fails are refused with it, and the number comes back. */
    @Test
    void afterAFailedCommitTheNumbersBehindItWaitForTheMissingOne() throws Exception {
        try (var server = inMemory();
                var client = server.dial("a")) {
            client.resume(0);
            store.hold();
            client.once(1, "m");
            store.awaitHeld();
            client.once(2, "m");
            client.once(3, "m");
            client.once(2, "m");
            server.gateway().await(Counter.SUBMITS, 4);
            store.failsToCommit = true;
            store.release();
            client.expectOnce(1, 5);
            client.expectOnce(2, 6);
            client.expectOnce(3, 6);
            client.expectOnce(2, 6);
            client.once(1, "m");
            client.expectOnce(1, 5);
            store.failsToCommit = false;
            client.send(all(1, 3));
            client.expectOnce(1, 0);
            client.expectOnce(2, 0);
            client.expectOnce(3, 0);
        }
        assertThat(store.stored()).containsExactly(1L, 2L, 3L);
    }

    @Test
    void aRepeatInACommitThatFailsIsNotAcknowledged() throws Exception {
        try (var server = inMemory();
                var plain = server.dial("b");
                var client = server.dial("a")) {
            client.resume(0);
            store.hold();
            plain.submit(1, "holds the store");
            store.awaitHeld();
            client.once(1, "m");
            client.once(1, "m");
            server.gateway().await(Counter.SUBMITS, 3);
            store.failsToCommit = true;
            store.release();
            client.expectOnce(1, 5);
            client.expectOnce(1, 5);
        }
        assertThat(store.stored()).isEmpty();
    }

    @Test
    void theNumberZeroIsAMistake() throws Exception {
        try (var server = onDisk();
                var client = server.dial("a")) {
            client.resume(0);
            client.once(0, "none");
            client.expectOnce(0, 1);
            client.expectEndOfStream();
        }
        assertThat(stored()).isEmpty();
    }

    @Test
    void numbersAreUnsigned() throws Exception {
        try (var server = onDisk();
                var client = server.dial("a")) {
            client.resume(0);
            client.once(-1, "the largest");
            client.expectOnce(-1, 6);
        }
        assertThat(stored()).isEmpty();
    }

    /** Received is what was kept, was there already, was refused, or is in doubt; the store has what was kept. */
    @Test
    void theBooksBalance() throws Exception {
        var options = new StoreOptions().queue(1000, 5000);
        try (var server = start(new StoreSink(folder, options, counters));
                var once = server.dial("a");
                var older = server.dial("b");
                var plain = server.dial("c")) {
            once.resume(0);
            older.resume(0);
            once.send(all(1, 10));
            once.send(all(5, 12));
            once.once(20, "beyond");
            for (long number = 1; number <= 10; number++) {
                once.expectOnce(number, 0);
            }
            for (long number = 5; number <= 12; number++) {
                once.expectOnce(number, 0);
            }
            once.expectOnce(20, 6);
            once.once(13, "x".repeat(10_000));
            once.expectOnce(13, 4);
            older.once(1, "m1");
            older.expectOnce(1, 0);
            try (var newer = server.dial("b")) {
                newer.resume(1);
                older.once(2, "taken over");
                older.expectOnce(2, 7);
            }
            for (int i = 0; i < 7; i++) {
                plain.submit(i, "plain");
                plain.expectAck(0x82, i, 0);
            }
        }
        assertThat(counters.value(Counter.SUBMITS)).isEqualTo(20 + 2 + 7);
        assertThat(counters.value(Counter.ACKS)
                        + counters.value(Counter.ACKS_OUT_OF_SEQUENCE)
                        + counters.value(Counter.ACKS_TAKEN_OVER)
                        + counters.value(Counter.ACKS_TOO_LARGE)
                        + counters.value(Counter.ACKS_OVERLOADED)
                        + counters.value(Counter.ACKS_NOT_STORED)
                        + counters.value(Counter.ACKS_IN_DOUBT))
                .isEqualTo(counters.value(Counter.SUBMITS));
        assertThat(counters.value(Counter.STORED) + counters.value(Counter.REPEATS))
                .isEqualTo(counters.value(Counter.ACKS));
        var verifier = new LogVerifier(folder.resolve("log"), damage -> {
            throw new AssertionError(damage);
        });
        verifier.run();
        assertThat(verifier.messages())
                .isEqualTo(counters.value(Counter.STORED))
                .isEqualTo(12 + 1 + 7);
        assertThat(verifier.clients().get("a").highest()).isEqualTo(12);
        assertThat(verifier.clients().get("a").missing()).isZero();
        assertThat(verifier.clients().get("b").numbered()).isEqualTo(1);
        assertThat(verifier.clients().get("c").messages()).isEqualTo(7);
        assertThat(verifier.clients().get("c").numbered()).isZero();
    }

    // ---- Rule 12: the number survives what the message survives

    @Test
    void theHighestNumberSurvivesARestart() throws Exception {
        String name = "n\u00e4me with 'quotes' \ud83e\uddf5";
        try (var server = onDisk();
                var client = server.dial(name)) {
            client.resume(0);
            client.send(all(1, 10));
            for (long number = 1; number <= 10; number++) {
                client.expectOnce(number, 0);
            }
        }
        try (var server = onDisk();
                var client = server.dial(name);
                var other = server.dial("other")) {
            other.resume(0);
            client.resume(10);
            client.send(all(10, 11));
            client.expectOnce(10, 0);
            client.expectOnce(11, 0);
        }
        assertThat(stored()).hasSize(11);
    }

    // ---- Rule 13: plain submits have no part in it

    @Test
    void plainSubmitsMayBeMixedIn() throws Exception {
        try (var server = onDisk();
                var client = server.dial("a")) {
            client.resume(0);
            client.once(1, "one");
            client.submit(2, "plain");
            client.once(2, "two");
            client.expectOnce(1, 0);
            client.expectAck(0x82, 2, 0);
            client.expectOnce(2, 0);
        }
        assertThat(stored()).containsExactly("one", "plain", "two");
    }

    @Test
    void withoutAResumeASubmitOnceIsRefusedAndEndsTheConnection() throws Exception {
        try (var server = onDisk();
                var client = server.dial("a")) {
            client.once(1, "m");
            client.expectOnce(1, 2);
            client.expectEndOfStream();
            server.gateway().endAndExpect(Counter.ERROR_NOT_RESUMED, 1);
        }
        assertThat(stored()).isEmpty();
    }

    // ---- Rule 15: in doubt

    /** The sink ends by itself; a later one on the same store is the next start. */
    @ParameterizedTest
    @CsvSource({"KEPT, 1", "LOST, 0"})
    void inDoubtNothingMoreIsStoredAndAfterTheNextStartAResumeTellsTheTruth(ManualStore.Doubt doubt, long highest)
            throws Exception {
        var server = inMemory();
        try (var client = server.dial("a")) {
            client.resume(0);
            store.doubt = doubt;
            store.hold();
            client.once(1, "m1");
            store.awaitHeld();
            client.once(2, "m2");
            server.gateway().await(Counter.SUBMITS, 2);
            store.release();
            client.expectOnce(1, 8);
            client.expectOnce(2, 5);
            server.sink().awaitEnd();
            client.once(1, "m1");
            client.expectOnce(1, 5);
        }
        server.gateway().close();
        assertThatThrownBy(server.sink()::close).hasMessageEndingWith("storing has ended: in doubt: says the test");
        store.doubt = ManualStore.Doubt.NONE;
        try (var next = inMemory();
                var client = next.dial("a")) {
            client.resume(highest);
            client.send(all(1, 2));
            client.expectOnce(1, 0);
            client.expectOnce(2, 0);
        }
        assertThat(store.stored()).containsExactly(1L, 2L);
    }

    @Test
    void aPlainSubmitInDoubtGetsNoAckAndItsConnectionEnds() throws Exception {
        var server = inMemory();
        try (var client = server.dial("a")) {
            client.send(RawClient.frame(2, 1, utf8("kept")));
            client.expectAck(0x82, 1, 0);
            store.doubt = ManualStore.Doubt.KEPT;
            client.send(RawClient.frame(2, 2, utf8("in doubt")));
            client.expectEndOfStream();
            server.gateway().endAndExpect(Counter.ACKS_IN_DOUBT, 1);
        }
        assertThatThrownBy(server::close).hasMessageContaining("in doubt");
    }
}
