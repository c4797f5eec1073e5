package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.net.ConnRefusedException;
import heddle.net.Heddle;
import heddle.testing.Await;
import heddle.testing.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ClientTest extends ClientTestBase {
    private static final Duration SHORT = Duration.ofMillis(100);

    @Test
    void manyMessagesAreInFlightAndEachHearsItsOwnFate() throws Exception {
        try (var gateway = new RunningGateway(sink, new GatewayOptions());
                var client = new Client(gateway.address, new ClientOptions().name("test"), told)) {
            for (int i = 0; i < 1000; i++) {
                assertThat(submit(client, "m" + i)).isEqualTo(i);
            }
            sink.settle(500, Result.SUCCESS);
            sink.settle(500, Result.NOT_STORED);
            client.awaitSettled();
            assertThat(told.results).hasSize(1000);
            for (long i = 0; i < 1000; i++) {
                assertThat(told.results.get(i)).isEqualTo(i < 500 ? Result.SUCCESS : Result.NOT_STORED);
            }
            assertThat(told.lost).isEmpty();
        }
    }

    @Test
    void atTheBoundASubmitWaits() throws Exception {
        try (var gateway = new RunningGateway(sink, new GatewayOptions());
                var client = new Client(gateway.address, new ClientOptions().inFlight(4, 1000), told)) {
            for (int i = 0; i < 4; i++) {
                submit(client, "m");
            }
            Task<Long> fifth = Task.start(() -> submit(client, "fifth"));
            gateway.await(Counter.SUBMITS, 4);
            Parked.await(fifth, "submit", "await");
            assertThat(gateway.counters.value(Counter.SUBMITS)).isEqualTo(4);
            sink.settle(4, Result.SUCCESS);
            assertThat(fifth.result()).isEqualTo(4);
            sink.settle(1, Result.SUCCESS);
            client.awaitSettled();
        }
    }

    @Test
    void aMessageThatFitsIntoNoFrameIsRefusedAtOnce() {
        var client = new Client("127.0.0.1:1", new ClientOptions().frameBytesMax(100), told);
        assertThat(client.payloadBytesMax()).isEqualTo(87);
        assertThatThrownBy(() -> client.submit(new byte[88], 0, 88))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("message of 88 bytes, the largest is 87");
        client.close();
    }

    @Test
    void withoutAServerTheFirstSubmitSaysSo() {
        try (var client = new Client("127.0.0.1:1", new ClientOptions(), told)) {
            assertThrows(ConnRefusedException.class, () -> submit(client, "m"));
            assertThat(told.results).isEmpty();
        }
    }

    @Test
    void aWrongTokenIsRefusedAndTheRightOneIsNot() throws Exception {
        try (var gateway = new RunningGateway(sink, new GatewayOptions().token("secret"))) {
            for (String wrong : new String[] {null, "", "wrong"}) {
                try (var client = new Client(gateway.address, new ClientOptions().token(wrong), told)) {
                    var e = assertThrows(RefusedException.class, client::connect);
                    assertThat(e.result()).isEqualTo(Result.NOT_ALLOWED);
                    assertThat(e).hasMessage("conn " + gateway.address + ": not introduced or not allowed");
                }
            }
            try (var client = new Client(gateway.address, new ClientOptions().token("secret"), told)) {
                client.connect();
            }
        }
    }

    @Test
    void whatWasInFlightWhenTheConnectionIsLostIsReported() throws Exception {
        try (var server = new FakeServer();
                var client = new Client(server.address, options(), told)) {
            var first = server.next();
            for (int i = 0; i < 3; i++) {
                submit(client, "m" + i);
            }
            first.get().acknowledge(2);
            told.await(1);
            first.get().reset();
            client.awaitSettled();
            assertThat(told.results)
                    .containsEntry(0L, Result.UNKNOWN)
                    .containsEntry(1L, Result.SUCCESS)
                    .containsEntry(2L, Result.UNKNOWN);
            assertThat(told.lost).containsExactly(2);

            // It connects again on demand, and counts ids from the start.
            var second = server.next();
            submit(client, "m3");
            second.get().acknowledge(1);
            client.awaitSettled();
            assertThat(told.results).containsEntry(3L, Result.SUCCESS);
        }
    }

    @Test
    void aConnectionThatEndsWithNothingInFlightIsNoLoss() throws Exception {
        try (var server = new FakeServer();
                var client = new Client(server.address, options(), told)) {
            var first = server.next();
            submit(client, "m0");
            first.get().acknowledge(1);
            client.awaitSettled();
            first.get().socket.close();
            var second = server.next();
            // Until the client has seen the end, a submit may still go into the dead connection.
            Await.until("another connection", () -> {
                submit(client, "m");
                return second.isDone();
            });
            assertThat(told.results).containsEntry(0L, Result.SUCCESS);
        }
    }

    /** The half of the protocol's rule 6 that binds clients. */
    @Test
    void acksBeforeTheEndOfTheStreamCountEvenIfWritingHasFailed() throws Exception {
        var reading = new CountDownLatch(1);
        var slow = new Told() {
            @Override
            public void settled(long number, int result, long latencyNanos) {
                awaitQuietly(reading);
                super.settled(number, result, latencyNanos);
            }
        };
        try (var server = new FakeServer();
                var client = new Client(server.address, options(), slow)) {
            var connection = server.next();
            for (int i = 0; i < 10; i++) {
                submit(client, "m" + i);
            }
            var peer = connection.get();
            peer.readSubmits(10);
            for (int id = 1; id <= 10; id++) {
                peer.acknowledge(id); // from here on the client is busy with the first
            }
            peer.socket.close();
            for (int i = 10; i < 200; i++) {
                submit(client, "m" + i); // answered by a reset; some time the writing fails
                // Real time: when the reset comes is the kernel's affair.
                Thread.sleep(0, 500_000);
            }
            reading.countDown();
            client.awaitSettled();
            for (long i = 0; i < 200; i++) {
                assertThat(slow.results).containsEntry(i, i < 10 ? Result.SUCCESS : Result.UNKNOWN);
            }
            assertThat(slow.lost).containsExactly(190);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void withResendNothingIsLost() throws Exception {
        var options = options().resend(true);
        try (var server = new FakeServer();
                var client = new Client(server.address, options, told)) {
            var first = server.next();
            for (int i = 0; i < 5; i++) {
                submit(client, "m" + i);
            }
            first.get().acknowledge(2);
            first.get().acknowledge(4);
            told.await(2);
            first.get().reset();
            var second = server.next();
            var settled = new FutureTask<>(() -> {
                client.awaitSettled();
                return null;
            });
            Thread.startVirtualThread(settled);
            assertThat(second.get().readSubmits(3)).containsExactly("m0", "m2", "m4");
            for (int id = 1; id <= 3; id++) {
                second.get().acknowledge(id);
            }
            settled.get();
            assertThat(told.results).hasSize(5);
            assertThat(told.results.values()).containsOnly(Result.SUCCESS);
            assertThat(told.lost).containsExactly(3);
        }
    }

    @Test
    void withResendAServerThatStaysAwayIsGivenUp() throws Exception {
        var server = new FakeServer();
        try (Heddle heddle = heddle();
                var client = new Client(server.address, options().resend(true).runtime(heddle), told)) {
            var first = server.next();
            submit(client, "m");
            var peer = first.get();
            server.close();
            peer.reset();
            Task<Void> settled = Task.run(client::awaitSettled);
            assertThatThrownBy(() -> awaitWhileTimePasses(settled)).isInstanceOf(IOException.class);
            assertThat(told.results).containsEntry(0L, Result.UNKNOWN);
        }
    }

    /** Each connection is introduced, and ended for the sake of the message. */
    @Test
    void withResendAMessageThatTheServerNeverTakesIsGivenUpAndTheRestIsKept() throws Exception {
        var options = new ClientOptions().resend(true);
        try (var gateway = new RunningGateway(sink, new GatewayOptions().frameBytesMax(50));
                var client = new Client(gateway.address, options, told)) {
            submit(client, "before");
            client.submit(new byte[100], 0, 100);
            submit(client, "behind it");
            Task<Void> all = Task.run(client::awaitSettled);
            sink.settle(1, Result.SUCCESS);
            sink.settle(1, Result.SUCCESS);
            all.result();
            assertThat(told.results)
                    .containsEntry(0L, Result.SUCCESS)
                    .containsEntry(1L, Result.NOT_TAKEN)
                    .containsEntry(2L, Result.SUCCESS);
            assertThat(told.lost).hasSize(3);
            assertThat(told.causes.getLast())
                    .hasMessage("the server at "
                            + gateway.address
                            + " closed the connection; message 2, of 100 bytes, may be"
                            + " larger than the server's --max-frame");
            assertThat(gateway.counters.value(Counter.ERROR_TOO_LONG)).isEqualTo(3);
        }
    }

    /** It has taken a longer one, or what is behind it: then it is not the size. */
    @Test
    void withResendAServerThatOftenDiesIsNotBlamedOnAMessage() throws Exception {
        try (var server = new FakeServer();
                var client = new Client(server.address, options().resend(true), told)) {
            var first = server.next();
            client.submit(new byte[100], 0, 100);
            client.submit(new byte[10], 0, 10);
            client.submit(new byte[200], 0, 200);
            Task<Void> all = Task.run(client::awaitSettled);
            first.get().readSubmits(3);
            first.get().acknowledge(1);
            first.get().socket.close();
            for (int i = 0; i < 5; i++) {
                FakeServer.Peer later = server.next().get();
                later.readSubmits(2);
                later.socket.close();
            }
            FakeServer.Peer odd = server.next().get();
            odd.readSubmits(2);
            odd.acknowledge(1);
            odd.socket.close();
            FakeServer.Peer last = server.next().get();
            last.readSubmits(1);
            last.acknowledge(1);
            all.result();
            assertThat(told.results.values()).containsOnly(Result.SUCCESS).hasSize(3);
        }
    }

    @Test
    @Tag("thorough")
    void withResendAServerThatIsAwayInBetweenIsNotBlamedOnAMessage() throws Exception {
        var server = new FakeServer();
        try (var client = new Client(server.address, options().resend(true), told)) {
            var next = server.next();
            client.submit(new byte[100], 0, 100);
            Task<Void> all = Task.run(client::awaitSettled);
            for (int i = 0; i < 5; i++) {
                FakeServer.Peer peer = next.get();
                peer.readSubmits(1);
                int retries = told.retries.get();
                server.close();
                peer.reset();
                Await.until(() -> "the client was told that nobody listens", () -> told.retries.get() > retries);
                server = new FakeServer(server.port());
                next = server.next();
            }
            next.get().readSubmits(1);
            next.get().acknowledge(1);
            all.result();
            assertThat(told.results).containsEntry(0L, Result.SUCCESS);
            assertThat(told.retries.get()).isEqualTo(5);
            assertThat(told.reconnections.get()).isEqualTo(5);
        } finally {
            server.close();
        }
    }

    /**
     * Its disk is full, say, and it closes rather than answer: sizes have nothing to do with it, and later it takes
     * all.
     */
    @Test
    void withResendAServerThatAnswersNothingForAWhileIsBlamedOnOneSmallMessageAtMost() throws Exception {
        try (var server = new FakeServer();
                var client = new Client(server.address, options().resend(true), told)) {
            var next = server.next();
            for (int i = 0; i < 3; i++) {
                client.submit(new byte[100], 0, 100);
            }
            Task<Void> all = Task.run(client::awaitSettled);
            for (int i = 0; i < 8; i++) {
                FakeServer.Peer peer = next.get();
                peer.readSubmits(2);
                next = server.next();
                peer.socket.close();
            }
            FakeServer.Peer mended = next.get();
            mended.readSubmits(2);
            mended.acknowledge(1);
            mended.acknowledge(2);
            all.result();
            assertThat(told.results)
                    .containsEntry(0L, Result.NOT_TAKEN)
                    .containsEntry(1L, Result.SUCCESS)
                    .containsEntry(2L, Result.SUCCESS);
        }
    }

    /** It was suspected, and would be given up now, if the server had not answered it. */
    @Test
    void withResendAMessageThatIsAnsweredIsNotGivenUpAtTheNextEnd() throws Exception {
        try (var server = new FakeServer();
                var client = new Client(server.address, options().resend(true), told)) {
            var next = server.next();
            client.submit(new byte[100], 0, 100);
            client.submit(new byte[100], 0, 100);
            Task<Void> all = Task.run(client::awaitSettled);
            for (int i = 0; i < 6; i++) { // three for the first message, three for the second
                FakeServer.Peer peer = next.get();
                peer.readSubmits(1);
                next = server.next();
                peer.socket.close();
            }
            FakeServer.Peer mended = next.get();
            mended.readSubmits(1);
            mended.acknowledge(1);
            all.result();
            mended.socket.close();
            Await.until(() -> "the client has seen the end and connected anew", () -> {
                client.connect();
                return server.accepted() == 8;
            });
            assertThat(told.results).containsOnly(Map.entry(0L, Result.NOT_TAKEN), Map.entry(1L, Result.SUCCESS));
        }
    }

    @Test
    void withResendMessagesThatFewServersTakeAreGivenUpOneAfterTheOther() throws Exception {
        int length = 70_000;
        try (var gateway = new RunningGateway(sink, new GatewayOptions().frameBytesMax(length));
                var client = new Client(gateway.address, options().resend(true), told)) {
            client.submit(new byte[length], 0, length);
            client.submit(new byte[length], 0, length);
            client.awaitSettled();
            assertThat(told.results).containsEntry(0L, Result.NOT_TAKEN).containsEntry(1L, Result.NOT_TAKEN);
        }
    }

    /** The client ends these connections itself, so they say nothing about what the server takes. */
    @Test
    void withResendAServerThatIsSlowIsNotBlamedOnAMessage() throws Exception {
        var options = options().resend(true).ackTimeout(SHORT);
        try (var server = new FakeServer();
                var client = new Client(server.address, options, told)) {
            var next = server.next();
            client.submit(new byte[100], 0, 100);
            Task<Void> all = Task.run(client::awaitSettled);
            for (int i = 0; i < 4; i++) {
                next.get().readSubmits(1);
                next = server.next();
            }
            next.get().readSubmits(1);
            next.get().acknowledge(1);
            all.result();
            assertThat(told.results).containsEntry(0L, Result.SUCCESS);
            assertThat(told.causes)
                    .hasSizeGreaterThanOrEqualTo(4)
                    .allSatisfy(cause -> assertThat(cause).hasMessageNotContaining("--max-frame"));
        }
    }

    @Test
    void aClientOfOneConnectionMakesNoOther() throws Exception {
        try (var server = new FakeServer();
                var client = new Client(server.address, options().reconnect(false), told)) {
            var peer = server.next();
            submit(client, "one");
            peer.get().readSubmits(1);
            peer.get().acknowledge(1);
            client.awaitSettled();
            peer.get().socket.close();
            Await.until(() -> "the end was told", () -> !told.lost.isEmpty());
            assertThat(told.lost).containsExactly(0);
            var e = assertThrows(IOException.class, () -> submit(client, "two"));
            assertThat(e).hasMessage("the server at " + server.address + " closed the connection");
            assertThrows(IOException.class, client::connect);
            assertThat(server.accepted()).isEqualTo(1);
            assertThat(told.results).hasSize(1);
        }
    }

    /** Servers come and go below the client; a real sink keeps what was acknowledged. */
    @Test
    void withResendItGoesOnThroughRestarts() throws Exception {
        Thread.startVirtualThread(sink::settleUntilClosed);
        var restarted = new AtomicBoolean();
        var gateway = new RunningGateway(sink, new GatewayOptions());
        int port = gateway.port;
        var options = new ClientOptions().resend(true).inFlight(64, 1 << 20);
        int count;
        try (var client = new Client(gateway.address, options, told)) {
            var sent = new FutureTask<>(() -> {
                int submitted = 0;
                while (!restarted.get()) {
                    submit(client, "m" + submitted++);
                }
                client.awaitSettled();
                return submitted;
            });
            Thread.startVirtualThread(sent);
            for (int restart = 1; restart <= 3; restart++) {
                gateway.await(Counter.ACKS, 300);
                gateway.stop(Duration.ZERO);
                gateway.end();
                gateway = new RunningGateway(sink, new GatewayOptions(), new Counters(), port);
            }
            restarted.set(true);
            count = sent.get();
            assertThat(told.results).hasSize(count);
            assertThat(told.results.values()).containsOnly(Result.SUCCESS);
        }
        gateway.end();
        sink.end();
        Set<String> stored = new HashSet<>();
        for (byte[] message : sink.stored) {
            stored.add(new String(message, StandardCharsets.UTF_8));
        }
        assertThat(stored).hasSize(count); // some of them twice in the sink
    }

    @Test
    void aServerThatOwesAcksAndIsSilentIsGivenUp() throws Exception {
        try (Heddle heddle = heddle();
                var server = new FakeServer();
                var client = new Client(server.address, options().runtime(heddle), told)) {
            submit(client, "m");
            awaitWhileTimePasses(Task.run(client::awaitSettled));
            assertThat(told.results).containsEntry(0L, Result.UNKNOWN);
            assertThat(told.lost).containsExactly(1);
        }
    }

    /** Moves the clock by a minute, again and again, until {@code task} has ended. */
    private void awaitWhileTimePasses(Task<Void> task) throws Exception {
        Await.until("the end", () -> {
            clock.advance(Duration.ofMinutes(1));
            return task.isDone();
        });
        task.result();
    }

    @Test
    void aServerThatOwesNothingMayBeSilent() throws Exception {
        try (Heddle heddle = heddle();
                var server = new FakeServer();
                var client = new Client(server.address, options().runtime(heddle), told)) {
            var connection = server.next();
            client.connect();
            for (int i = 0; i < 100; i++) {
                clock.advance(Duration.ofHours(1));
                Thread.yield();
            }
            submit(client, "m");
            connection.get().readSubmits(1);
            connection.get().acknowledge(1);
            client.awaitSettled();
            assertThat(told.results).containsEntry(0L, Result.SUCCESS);
            assertThat(told.lost).isEmpty();
            connection.get().socket.close(); // Else the client's close waits for that, by the clock.
        }
    }

    @Test
    void anAckThatAnswersNothingEndsTheConnection() throws Exception {
        try (var server = new FakeServer();
                var client = new Client(server.address, options(), told)) {
            var connection = server.next();
            submit(client, "m0");
            submit(client, "m1");
            connection.get().acknowledge(1);
            told.await(1);
            connection.get().acknowledge(1);
            client.awaitSettled();
            assertThat(told.results).containsEntry(0L, Result.SUCCESS).containsEntry(1L, Result.UNKNOWN);
        }
    }

    @Test
    void whoAwaitsSettlementWhileAConnectionEndsNeedsNoOther() throws Exception {
        var lostIsTold = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var outcome = new Told() {
            @Override
            public void lost(IOException cause, int unsettled) {
                super.lost(cause, unsettled);
                lostIsTold.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        };
        try (var server = new FakeServer();
                var client = new Client(server.address, options(), outcome)) {
            var connection = server.next();
            submit(client, "m");
            connection.get().reset();
            lostIsTold.await();
            var settled = Task.on(Thread.ofPlatform().daemon(), () -> {
                client.awaitSettled();
                return null;
            });
            Await.until(
                    "waiting for the end of the connection",
                    () -> settled.thread().getState() == Thread.State.WAITING);
            goOn.countDown();
            settled.result();
            assertThat(outcome.results).containsEntry(0L, Result.UNKNOWN);
            assertThat(server.accepted()).isOne();
        } finally {
            goOn.countDown();
        }
    }

    // ---- An outcome that calls its client

    private interface Call {
        void run(Client client) throws Exception;
    }

    /** Calls its client from the first settlement, or from the first loss. */
    private static final class Calling extends Told {
        private final boolean whenLost;
        private final Call call;
        volatile @Nullable Client client;
        volatile @Nullable Exception thrown;
        final CountDownLatch called = new CountDownLatch(1);

        Calling(boolean whenLost, Call call) {
            this.whenLost = whenLost;
            this.call = call;
        }

        private void call() {
            if (called.getCount() == 0) {
                return;
            }
            try {
                call.run(Objects.requireNonNull(client));
            } catch (Exception e) {
                thrown = e;
            } finally {
                called.countDown();
            }
        }

        @Override
        public void settled(long number, int result, long latencyNanos) {
            super.settled(number, result, latencyNanos);
            if (!whenLost) {
                call();
            }
        }

        @Override
        public void lost(IOException cause, int unsettled) {
            super.lost(cause, unsettled);
            if (whenLost) {
                call();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anOutcomeMayCloseItsClient(boolean whenLost) throws Exception {
        var outcome = new Calling(whenLost, Client::close);
        try (var server = new FakeServer();
                var client = new Client(server.address, options().resend(true), outcome)) {
            outcome.client = client;
            var connection = server.next();
            submit(client, "m0");
            submit(client, "m1");
            if (whenLost) {
                connection.get().reset();
            } else {
                connection.get().acknowledge(1);
            }
            outcome.called.await();
            client.awaitSettled();
            assertThat(outcome.thrown).isNull();
            assertThat(outcome.results)
                    .containsEntry(0L, whenLost ? Result.UNKNOWN : Result.SUCCESS)
                    .containsEntry(1L, Result.UNKNOWN);
            assertThat(server.accepted()).isOne();
            connection.get().socket.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anOutcomeThatWouldWaitForItsClientIsTold(boolean whenLost) throws Exception {
        var calls = List.<Call>of(client -> submit(client, "late"), Client::awaitSettled);
        for (var call : calls) {
            var outcome = new Calling(whenLost, call);
            try (var server = new FakeServer();
                    var client = new Client(server.address, options(), outcome)) {
                outcome.client = client;
                var connection = server.next();
                submit(client, "m");
                connection.get().reset();
                outcome.called.await();
                client.awaitSettled();
                assertThat(outcome.thrown).isInstanceOf(IllegalStateException.class);
                assertThat(outcome.results).containsOnly(Map.entry(0L, Result.UNKNOWN));
            }
        }
    }

    @Test
    void anOutcomeMaySubmitWhileThereIsRoom() throws Exception {
        Thread.startVirtualThread(sink::settleUntilClosed);
        var outcome = new Calling(false, client -> submit(client, "another"));
        try (var gateway = new RunningGateway(sink, new GatewayOptions());
                var client = new Client(gateway.address, new ClientOptions(), outcome)) {
            outcome.client = client;
            submit(client, "m");
            client.awaitSettled();
            assertThat(outcome.thrown).isNull();
            assertThat(outcome.results).hasSize(2);
        }
    }

    @Test
    void anOutcomeThatThrowsWhenToldOfALossHearsOfEachMessageAllTheSame() throws Exception {
        var outcome = new Told() {
            @Override
            public void lost(IOException cause, int unsettled) {
                throw new IllegalStateException("thrown by the test's outcome");
            }
        };
        try (var server = new FakeServer();
                var client = new Client(server.address, options(), outcome)) {
            var connection = server.next();
            submit(client, "m");
            connection.get().reset();
            client.awaitSettled();
            assertThat(outcome.results).containsEntry(0L, Result.UNKNOWN);
        }
    }

    /** Else it would stay open, and nobody would read it. */
    @Test
    void anOutcomeThatThrowsWhenToldOfAConnectionEndsItAndTheNextCallMakesAnother() throws Exception {
        var outcome = new Told() {
            @Override
            public void reconnected() {
                super.reconnected();
                throw new IllegalStateException("thrown by the test's outcome");
            }
        };
        var away = new FakeServer();
        away.close();
        try (var client = new Client(away.address, options().resend(true), outcome)) {
            Task<Void> connecting = Task.run(client::connect);
            Await.until("the client was told that nobody listens", () -> outcome.retries.get() > 0);
            try (var server = new FakeServer(away.port())) {
                var first = server.next().get();
                connecting.failure(IllegalStateException.class);
                first.readEnd();
                var second = server.next();
                submit(client, "m");
                second.get().acknowledge(1);
                client.awaitSettled();
                assertThat(outcome.results).containsEntry(0L, Result.SUCCESS);
                assertThat(outcome.reconnections).hasValue(1);
                second.get().socket.close();
            }
        }
    }

    @Test
    void closeReportsWhatIsUnsettledAndEndsSubmits() throws Exception {
        try (var gateway = new RunningGateway(sink, new GatewayOptions().drainTimeout(SHORT))) {
            var client = new Client(gateway.address, new ClientOptions(), told);
            submit(client, "never settled");
            client.close();
            assertThat(told.results).containsEntry(0L, Result.UNKNOWN);
            assertThatThrownBy(() -> submit(client, "late")).hasMessage("client closed");
            client.close();
        }
    }

    /** The second close has nothing to tell; the outcome is being told by the first, and must still not wait. */
    @Test
    void anOutcomeThatWouldWaitIsToldSoAlsoAfterASecondClose() throws Exception {
        var secondIsOver = new CountDownLatch(1);
        var outcome = new Calling(false, client -> {
            secondIsOver.await();
            client.awaitSettled();
        });
        try (var server = new FakeServer()) {
            var client = new Client(server.address, options().resend(true), outcome);
            outcome.client = client;
            var peer = server.next();
            submit(client, "m");
            peer.get().reset();
            // From here on the message is the close's to settle, as nobody asks for another connection.
            Await.until("the end was told", () -> !outcome.lost.isEmpty());
            Task<Void> first = Task.run(client::close);
            Await.until("the first close tells", () -> !outcome.results.isEmpty());
            client.close();
            secondIsOver.countDown();
            first.result();
            assertThat(outcome.thrown).isInstanceOf(IllegalStateException.class);
            assertThat(outcome.results).containsOnly(Map.entry(0L, Result.UNKNOWN));
        }
    }

    @Test
    void closeAfterAllIsSettledIsAnOrderlyEnd() throws Exception {
        Thread.startVirtualThread(sink::settleUntilClosed);
        try (var gateway = new RunningGateway(sink, new GatewayOptions())) {
            try (var client = new Client(gateway.address, new ClientOptions(), told)) {
                submit(client, "m");
                client.awaitSettled();
            }
            gateway.await(Counter.CONNECTIONS_CLOSED, 1);
            gateway.endAndExpect(Counter.ERROR_TRUNCATED, 0);
        }
        assertThat(told.lost).isEmpty();
    }

    @Test
    void manyThreadsSubmitThroughOneClient() throws Exception {
        Thread.startVirtualThread(sink::settleUntilClosed);
        int threads = 8;
        int each = 2000;
        try (var gateway = new RunningGateway(sink, new GatewayOptions());
                var client = new Client(gateway.address, new ClientOptions().inFlight(32, 1 << 20), told)) {
            List<FutureTask<Void>> tasks = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                var task = new FutureTask<Void>(() -> {
                    for (int i = 0; i < each; i++) {
                        submit(client, "m" + i);
                    }
                    return null;
                });
                tasks.add(task);
                Thread.startVirtualThread(task);
            }
            for (var task : tasks) {
                task.get();
            }
            client.awaitSettled();
            assertThat(told.results).hasSize(threads * each);
            assertThat(told.results.values()).containsOnly(Result.SUCCESS);
        }
    }
}
