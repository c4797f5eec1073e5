package heddle.gateway;

import static heddle.gateway.RawClient.frame;
import static heddle.gateway.RawClient.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.net.Heddle;
import heddle.testing.Await;
import heddle.time.ManualClock;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The protocol's description, rule by rule, over real sockets and against a client that is not ours. */
@Timeout(60)
class WireTest {
    /** Long enough for a client to be introduced in between, on a machine that has other things to do. */
    private static final Duration SHORT = Duration.ofMillis(300);

    private static final Duration LONG = Duration.ofSeconds(30);

    private final ManualSink sink = new ManualSink();
    private final ManualClock clock = new ManualClock();

    private RunningGateway gateway() throws Exception {
        return new RunningGateway(sink, new GatewayOptions());
    }

    /** A runtime whose clock the test moves. */
    private Heddle onClock() throws IOException {
        return Heddle.builder().clock(clock).start();
    }

    /** Moves the clock on until {@code counter} has its first. */
    private void awaitWhileTimePasses(RunningGateway gateway, Counter counter) throws Exception {
        Await.until(counter.id(), () -> {
            clock.advance(SHORT);
            return gateway.counters.value(counter) > 0;
        });
    }

    // ---- Vectors

    @Test
    void theVectors() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dial()) {
            client.sendHex("00 00 00 0f 01 30 30 30 30 30 30 30 31 61 62");
            client.expectHex("00 00 00 0e 81 30 30 30 30 30 30 30 31 00");
            client.sendHex("00 00 00 12 02 30 30 30 30 30 30 30 32 68 65 6c 6c 6f");
            sink.settle(1, Result.SUCCESS);
            client.expectHex("00 00 00 0e 82 30 30 30 30 30 30 30 32 00");
            client.sendHex("00 00 00 0d 02 00 00 00 00 00 00 00 03");
            sink.settle(1, Result.SUCCESS);
            client.expectHex("00 00 00 0e 82 00 00 00 00 00 00 00 03 00");
            assertThat(sink.stored).containsExactly(utf8("hello"), new byte[0]);
            client.sendHex("00 00 00 0c 02 00 00 00 00 00 00 00");
            client.expectEndOfStream();
            gateway.endAndExpect(Counter.ERROR_TOO_SHORT, 1);
        }
    }

    @Test
    void anIdIsEightBytesWhateverTheyMean() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dial()) {
            client.sendHex("00 00 00 0d 01 ff ff ff ff ff ff ff ff");
            client.expectHex("00 00 00 0e 81 ff ff ff ff ff ff ff ff 00");
            client.sendHex("00 00 00 0d 02 80 00 00 00 00 00 00 7f");
            sink.settle(1, Result.SUCCESS);
            client.expectHex("00 00 00 0e 82 80 00 00 00 00 00 00 7f 00");
        }
    }

    // ---- Rule 1: conn first

    @Test
    void aSubmitBeforeConnIsAnsweredAndEndsTheConnection() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dial()) {
            client.submit(1, "too early");
            client.expectAck(0x82, 1, 2);
            client.expectEndOfStream();
            assertThat(sink.stored).isEmpty();
            gateway.endAndExpect(Counter.ERROR_NOT_INTRODUCED, 1);
        }
    }

    @Test
    void anythingElseBeforeConnIsAnsweredAndEndsTheConnection() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dial()) {
            client.send(frame(0x55, 9, utf8("?")));
            client.expectAck(0x82, 9, 2);
            client.expectEndOfStream();
        }
    }

    @Test
    void aFurtherConnIsAHeartbeat() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            client.send(frame(1, 5, utf8("another name")));
            client.expectAck(0x81, 5, 0);
            client.send(frame(1, 6, new byte[100_000]));
            client.expectAck(0x81, 6, 0);
            client.submit(7, "goes on");
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 7, 0);
            gateway.endAndExpect(Counter.HEARTBEATS, 2);
            assertThat(gateway.counters.value(Counter.INTRODUCED)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 255})
    void aNameHasUpTo255Bytes(int bytes) throws Exception {
        try (var gateway = gateway();
                var client = gateway.dial()) {
            client.send(frame(1, 1, utf8("n".repeat(bytes))));
            client.expectAck(0x81, 1, 0);
        }
    }

    @Test
    void aNameThatIsTooLongIsMalformed() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dial()) {
            client.send(frame(1, 1, utf8("n".repeat(256))));
            client.expectAck(0x81, 1, 1);
            client.expectEndOfStream();
            gateway.endAndExpect(Counter.ERROR_MALFORMED_NAME, 1);
        }
    }

    @Test
    void aNameThatIsNotUtf8IsMalformed() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dial()) {
            client.sendHex("00 00 00 0f 01 30 30 30 30 30 30 30 31 61 ff");
            client.expectAck(0x81, 1, 1);
            client.expectEndOfStream();
        }
    }

    // ---- The token

    @ParameterizedTest
    @ValueSource(strings = {"name", "name\0", "name\0wrong", "name\0secre", "name\0secret!", "\0", "secret"})
    void withoutTheTokenNobodyIsLetIn(String payload) throws Exception {
        try (var gateway = new RunningGateway(sink, new GatewayOptions().token("secret"));
                var client = gateway.dial()) {
            client.send(frame(1, 1, utf8(payload)));
            client.expectAck(0x81, 1, 2);
            client.expectEndOfStream();
            gateway.endAndExpect(Counter.ERROR_NOT_ALLOWED, 1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"name\0secret", "\0secret"})
    void theTokenLetsIn(String payload) throws Exception {
        try (var gateway = new RunningGateway(sink, new GatewayOptions().token("secret"));
                var client = gateway.dial()) {
            client.send(frame(1, 1, utf8(payload)));
            client.expectAck(0x81, 1, 0);
        }
    }

    @Test
    void aTokenThatNobodyAskedForDoesNoHarm() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dial()) {
            client.send(frame(1, 1, utf8("name\0whatever")));
            client.expectAck(0x81, 1, 0);
        }
    }

    // ---- Rules 2 and 3: many in flight, and no ack before the sink has settled

    @Test
    void manyRequestsAreInFlightAndNoneIsAcknowledgedBeforeItIsSettled() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            client.send(RawClient.submits(1000, utf8("m")));
            gateway.await(Counter.SUBMITS, 1000);
            client.expectSilence(50);
            sink.settle(1000, Result.SUCCESS);
            for (int id = 1; id <= 1000; id++) {
                client.expectAck(0x82, id, 0);
            }
            gateway.endAndExpect(Counter.ACKS, 1000);
        }
    }

    @Test
    void whatTheSinkCouldNotStoreIsAnsweredSo() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            client.submit(1, "unlucky");
            sink.settle(1, Result.NOT_STORED);
            client.expectAck(0x82, 1, 5);
            client.submit(2, "lucky");
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 2, 0);
            gateway.endAndExpect(Counter.ACKS_NOT_STORED, 1);
        }
    }

    @Test
    void whatTheSinkNeverTakesIsAnsweredSoAndTheConnectionGoesOn() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            sink.answerOffers(Result.TOO_LARGE);
            client.submit(1, "too large, says the sink");
            client.expectAck(0x82, 1, 4);
            sink.answerOffers(Result.SUCCESS);
            client.submit(2, "fits");
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 2, 0);
            gateway.endAndExpect(Counter.ACKS_TOO_LARGE, 1);
        }
    }

    @Test
    void aClientThatHalfClosesGetsItsAcksAndThenTheEndOfTheStream() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            client.send(RawClient.submits(100, utf8("m")));
            client.halfClose();
            sink.settle(100, Result.SUCCESS);
            for (int id = 1; id <= 100; id++) {
                client.expectAck(0x82, id, 0);
            }
            client.expectEndOfStream();
        }
    }

    // ---- Rule 4: what cannot be answered

    @ParameterizedTest
    @ValueSource(strings = {"00 00 00 00", "00 00 00 04", "00 00 00 0c"})
    void aTotalLengthBelow13IsCountedLoggedAndClosed(String length) throws Exception {
        try (var log = new GatewayLog();
                var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            client.sendHex(length);
            client.expectEndOfStream();
            gateway.endAndExpect(Counter.ERROR_TOO_SHORT, 1);
            assertThat(log.lines()).anyMatch(line -> line.startsWith(peer(client) + " \"raw\": frame of "));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"00 10 00 01", "7f ff ff ff", "80 00 00 00", "ff ff ff ff"})
    void aTotalLengthAboveTheLimitIsCountedLoggedAndClosed(String length) throws Exception {
        try (var log = new GatewayLog();
                var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            client.sendHex(length);
            client.expectEndOfStream();
            gateway.endAndExpect(Counter.ERROR_TOO_LONG, 1);
            assertThat(log.lines()).anyMatch(line -> line.startsWith(peer(client) + " \"raw\": frame of "));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'GET / HTTP/1.1\r\n', HTTP",
        "'PRI * HTTP/2.0\r\n', HTTP",
        "'OPTIONS * HTTP/1.1', HTTP",
        "'\u0016\u0003\u0001\u0002\u0000\u0001', TLS",
        "'SSH-2.0-OpenSSH_9.2\r\n', SSH",
        "'PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n', a balancer's PROXY protocol",
        "'\r\n\r\n\u0000\r\nQUIT\n', a balancer's PROXY protocol",
        "'hello\n', text",
    })
    void whatSpeaksAnotherProtocolIsNamed(String sent, String name) throws Exception {
        try (var log = new GatewayLog();
                var gateway = gateway();
                var client = gateway.dial()) {
            client.send(sent.translateEscapes().getBytes(StandardCharsets.ISO_8859_1));
            client.expectEndOfStream();
            gateway.endAndExpect(Counter.ERROR_TOO_LONG, 1);
            assertThat(log.lines())
                    .anyMatch(line -> line.startsWith(peer(client) + ": frame of ")
                            && line.endsWith("; it looks like "
                                    + name
                                    + ", but this port speaks Heddle's own"
                                    + " protocol, docs/server.md"));
        }
    }

    @Test
    void aWrongLengthOfAClientIsNotTakenForAnotherProtocol() throws Exception {
        try (var log = new GatewayLog();
                var gateway = gateway();
                var stranger = gateway.dial();
                var client = gateway.dialIntroduced()) {
            stranger.sendHex("7f ff ff ff");
            stranger.expectEndOfStream();
            client.send(utf8("GET / HTTP/1.1"));
            client.expectEndOfStream();
            gateway.endAndExpect(Counter.ERROR_TOO_LONG, 2);
            assertThat(log.lines()).hasSize(2).noneMatch(line -> line.contains("looks like"));
        }
    }

    private static String peer(RawClient client) {
        return "127.0.0.1:" + client.socket.getLocalPort();
    }

    @Test
    void theLargestFramePasses() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            byte[] message = new byte[(1 << 20) - 13];
            client.send(frame(2, 1, message));
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 1, 0);
            assertThat(sink.stored.getFirst()).isEqualTo(message);
        }
    }

    @Test
    void anUnknownCommandIsAnsweredAndEndsTheConnectionAfterWhatWasInFlight() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            client.submit(1, "before");
            client.send(frame(0x05, 2, utf8("?")));
            client.submit(3, "after");
            client.expectAck(0x82, 2, 1);
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 1, 0);
            client.expectEndOfStream();
            gateway.endAndExpect(Counter.ERROR_UNKNOWN_COMMAND, 1);
        }
    }

    @Test
    void acksOfWhatCameBeforeAnUnreadableFrameAreNotLost() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            client.submit(1, "before");
            client.sendHex("ff ff ff ff");
            client.send(new byte[100_000]); // unread when the server closes: a plain close would be a
            // reset
            gateway.await(Counter.ERROR_TOO_LONG, 1);
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 1, 0);
            client.expectEndOfStream();
        }
    }

    @Test
    void theEndOfTheStreamWithinAFrameIsCounted() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            client.sendHex("00 00 00 12 02 30");
            client.halfClose();
            client.expectEndOfStream();
            gateway.endAndExpect(Counter.ERROR_TRUNCATED, 1);
        }
    }

    /**
     * Line feed, next line, the terminal's CSI in one character, the separators, and one that turns the text around.
     */
    @ParameterizedTest
    @ValueSource(ints = {'\n', 0x85, 0x9b, 0x2028, 0x2029, 0x202e})
    void aNameCannotForgeALineOfTheLog(int evil) throws Exception {
        try (var log = new GatewayLog();
                var gateway = gateway();
                var client = gateway.dial()) {
            client.send(frame(1, 0, utf8("evil" + Character.toString(evil) + "fake line")));
            client.expectAck(0x81, 0, 0);
            client.sendHex("00 00 00 00");
            client.expectEndOfStream();
            gateway.end();
            assertThat(log.lines()).anyMatch(line -> line.contains("\"evil?fake line\": "));
        }
    }

    // ---- Rule 5: never buffers without bound

    @Test
    void aSinkThatIsFullStopsTheReadingAndLosesNothing() throws Exception {
        var narrow = new ManualSink(32, 1 << 20, Long.MAX_VALUE);
        int count = 20_000;
        byte[] frames = RawClient.submits(count, new byte[1000]); // 20 MB: no kernel buffers that
        try (var gateway = new RunningGateway(narrow, new GatewayOptions());
                var client = gateway.dialIntroduced()) {
            var sent = new FutureTask<>(() -> {
                client.send(frames);
                return null;
            });
            Thread.startVirtualThread(sent);
            gateway.await(Counter.SUBMITS, 17); // half of the queue, and the one that waits for room
            client.expectSilence(100);
            assertThat(sent.isDone()).isFalse();
            assertThat(gateway.counters.value(Counter.SUBMITS)).isEqualTo(17);
            Thread.startVirtualThread(narrow::settleUntilClosed);
            for (int id = 1; id <= count; id++) {
                client.expectAck(0x82, id, 0);
            }
            sent.get();
            assertThat(narrow.stored).hasSize(count);
            narrow.end();
        }
    }

    @Test
    void aConnectionHasItsOwnBoundSoThatItLeavesRoomForOthers() throws Exception {
        try (var gateway = new RunningGateway(sink, new GatewayOptions().inFlightMax(10));
                var client = gateway.dialIntroduced();
                var other = gateway.dialIntroduced()) {
            client.send(RawClient.submits(100, utf8("m")));
            gateway.await(Counter.SUBMITS, 11); // 10 in flight, and the one that waits
            client.expectSilence(50);
            other.submit(1, "other");
            gateway.await(Counter.SUBMITS, 12);
            sink.settle(101, Result.SUCCESS);
            other.expectAck(0x82, 1, 0);
            for (int id = 1; id <= 100; id++) {
                client.expectAck(0x82, id, 0);
            }
        }
    }

    @Test
    void withoutRoomForTooLongTheAnswerIsOverloaded() throws Exception {
        var narrow = new ManualSink(1, 1 << 20, SHORT.toNanos());
        try (var gateway = new RunningGateway(narrow, new GatewayOptions());
                var client = gateway.dialIntroduced()) {
            client.submit(1, "fits");
            client.submit(2, "does not");
            client.expectAck(0x82, 2, 3);
            narrow.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 1, 0);
            client.submit(3, "fits again");
            narrow.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 3, 0);
            gateway.endAndExpect(Counter.ACKS_OVERLOADED, 1);
        }
    }

    /** Heartbeats cost the client nothing, and their acks pile up at the server, if it lets them. */
    @Test
    void aClientThatDoesNotReadItsAcksIsNotReadAndThenClosed() throws Exception {
        try (var gateway = new RunningGateway(sink, new GatewayOptions().stallTimeout(SHORT));
                var channel =
                        SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), gateway.port))) {
            channel.configureBlocking(false);
            byte[] heartbeat = frame(1, 0, utf8("deaf"));
            var frames = ByteBuffer.allocate(1000 * heartbeat.length);
            while (frames.hasRemaining()) {
                frames.put(heartbeat);
            }
            frames.flip();
            try {
                while (gateway.counters.value(Counter.TIMEOUT_WRITE) == 0) {
                    Await.until(
                            "room, or the end",
                            () -> channel.write(frames) > 0 || gateway.counters.value(Counter.TIMEOUT_WRITE) > 0);
                    if (!frames.hasRemaining()) {
                        frames.rewind();
                    }
                }
            } catch (IOException closed) {
                // as soon as that
            }
            gateway.endAndExpect(Counter.TIMEOUT_WRITE, 1);
        }
    }

    // ---- Rule 6: the end in order

    @Test
    void stopAnswersWhatWasReadThenHalfClosesAndWaitsForTheClient() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            client.submit(1, "read before the stop");
            gateway.await(Counter.SUBMITS, 1);
            var stopped = new FutureTask<>(() -> gateway.stop(LONG));
            Thread.startVirtualThread(stopped);
            client.expectSilence(50);
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 1, 0);
            client.expectEndOfStream();
            assertThat(stopped.isDone()).isFalse();
            client.hangUp();
            assertThat(stopped.get()).isZero();
        }
    }

    @Test
    void stopWaitsForAClientNoLongerThanItsBound() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            assertThat(gateway.stop(SHORT)).isEqualTo(1);
            client.expectEndOfStream();
        }
    }

    /** What was sent into the stop is either acknowledged or not stored: that is all a client can rely on. */
    @Test
    void aClientThatSendsIntoTheStopKnowsWhatWasTaken() throws Exception {
        Thread.startVirtualThread(sink::settleUntilClosed);
        try (var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            var sent = new FutureTask<>(() -> {
                try {
                    for (int id = 1; ; id++) {
                        client.submit(id, "m" + id);
                    }
                } catch (IOException gone) {
                    return null;
                }
            });
            Thread.startVirtualThread(sent);
            gateway.await(Counter.SUBMITS, 500);
            var stopped = new FutureTask<>(() -> gateway.stop(LONG));
            Thread.startVirtualThread(stopped);
            List<Integer> acknowledged = new ArrayList<>();
            try {
                while (true) {
                    var ack = client.ack();
                    assertThat(ack.result()).isZero();
                    acknowledged.add(ack.id());
                }
            } catch (EOFException end) {
                client.hangUp();
            }
            stopped.get();
            sent.get();
            sink.end();
            assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(500);
            assertThat(sink.stored).hasSize(acknowledged.size());
        }
    }

    // ---- Rule 7: pieces

    @Test
    void framesMayArriveOneByteAtATime() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dialIntroduced()) {
            for (byte b : frame(2, 1, utf8("piecemeal"))) {
                client.send(new byte[] {b});
            }
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 1, 0);
            assertThat(sink.stored).containsExactly(utf8("piecemeal"));
        }
    }

    @Test
    void connAndAThousandSubmitsMayArriveInOneSegment() throws Exception {
        try (var gateway = gateway();
                var client = gateway.dial()) {
            byte[] conn = frame(1, 0, utf8("hasty"));
            byte[] submits = RawClient.submits(1000, utf8("m"));
            client.send(ByteBuffer.allocate(conn.length + submits.length)
                    .put(conn)
                    .put(submits)
                    .array());
            client.expectAck(0x81, 0, 0);
            sink.settle(1000, Result.SUCCESS);
            for (int id = 1; id <= 1000; id++) {
                client.expectAck(0x82, id, 0);
            }
        }
    }

    // ---- Rule 8: silence

    @Test
    void aClientThatDoesNotIntroduceItselfIsClosed() throws Exception {
        var options = new GatewayOptions().handshakeTimeout(SHORT);
        try (var heddle = onClock();
                var gateway = new RunningGateway(sink, options, heddle);
                var client = gateway.dial()) {
            awaitWhileTimePasses(gateway, Counter.TIMEOUT_HANDSHAKE);
            client.expectEndOfStream();
            gateway.endAndExpect(Counter.TIMEOUT_HANDSHAKE, 1);
        }
    }

    @Test
    void dribblingDoesNotExtendTheTimeToIntroduceOneself() throws Exception {
        var options = new GatewayOptions().handshakeTimeout(SHORT);
        try (var heddle = onClock();
                var gateway = new RunningGateway(sink, options, heddle);
                var client = gateway.dial()) {
            Await.until("both its threads wait", () -> {
                String dump = heddle.dump();
                return dump.contains("IO wait, accept ") && dump.contains("IO wait, read ");
            });
            for (int i = 0; i < 10; i++) {
                long parks = parks(heddle);
                client.sendHex(i == 0 ? "00 00 00 ff" : "01");
                Await.until("it is read, and more waited for", () -> parks(heddle) > parks);
                assertThat(gateway.counters.value(Counter.TIMEOUT_HANDSHAKE)).isZero();
                clock.advance(SHORT.dividedBy(10));
            }
            gateway.await(Counter.TIMEOUT_HANDSHAKE, 1);
            client.expectEndOfStream();
            gateway.endAndExpect(Counter.TIMEOUT_HANDSHAKE, 1);
        }
    }

    /** How many waits began. */
    private static long parks(Heddle heddle) {
        return Objects.requireNonNull(heddle.counters().get("parks"));
    }

    @Test
    void aClientThatStallsWithinAFrameIsClosed() throws Exception {
        // Whatever passes before it has read what is below, it is not idle.
        var options = new GatewayOptions().stallTimeout(SHORT).idleTimeout(Duration.ofDays(1));
        try (var heddle = onClock();
                var gateway = new RunningGateway(sink, options, heddle);
                var client = gateway.dialIntroduced()) {
            client.sendHex("00 00 00 12 02");
            awaitWhileTimePasses(gateway, Counter.TIMEOUT_STALL);
            client.expectEndOfStream();
            gateway.endAndExpect(Counter.TIMEOUT_STALL, 1);
        }
    }

    @Test
    void aClientThatIsSilentForTooLongIsClosed() throws Exception {
        var options = new GatewayOptions().idleTimeout(SHORT);
        try (var heddle = onClock();
                var gateway = new RunningGateway(sink, options, heddle);
                var client = gateway.dialIntroduced()) {
            awaitWhileTimePasses(gateway, Counter.TIMEOUT_IDLE);
            client.expectEndOfStream();
            gateway.endAndExpect(Counter.TIMEOUT_IDLE, 1);
        }
    }

    @Test
    void anIntroducedClientIsNoLongerUnderTheHandshakesDeadline() throws Exception {
        var options = new GatewayOptions().handshakeTimeout(SHORT);
        try (var heddle = onClock();
                var gateway = new RunningGateway(sink, options, heddle);
                var client = gateway.dialIntroduced();
                var silent = gateway.dial()) {
            awaitWhileTimePasses(gateway, Counter.TIMEOUT_HANDSHAKE);
            silent.expectEndOfStream();
            client.submit(1, "late");
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 1, 0);
            gateway.endAndExpect(Counter.TIMEOUT_HANDSHAKE, 1);
        }
    }
}
