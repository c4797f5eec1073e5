package heddle.gateway;

import static heddle.gateway.RawClient.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.net.Heddle;
import heddle.testing.Await;
import heddle.testing.Task;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who waits for a message of a {@link Client}: by its future, or in the call. */
@Timeout(60)
class FutureTest extends ClientTestBase {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private static NotAcknowledgedException failure(CompletableFuture<Long> future) {
        var e = assertThrows(CompletionException.class, future::join);
        return (NotAcknowledgedException) e.getCause();
    }

    @Test
    void eachFutureTellsOfItsOwnMessage() throws Exception {
        try (var gateway = new RunningGateway(sink, new GatewayOptions());
                var client = new Client(gateway.address, options(), told)) {
            List<CompletableFuture<Long>> futures = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                futures.add(client.submitAsync(utf8("m" + i)));
            }
            assertThat(futures).noneMatch(CompletableFuture::isDone);
            sink.settle(50, Result.SUCCESS);
            sink.settle(50, Result.NOT_STORED);
            for (int i = 0; i < 50; i++) {
                assertThat(futures.get(i).get()).isEqualTo(i);
                assertThat(failure(futures.get(50 + i)))
                        .hasMessage("message " + (51 + i) + ": not stored, try again later")
                        .extracting(NotAcknowledgedException::result)
                        .isEqualTo(Result.NOT_STORED);
            }
            client.awaitSettled();
            assertThat(told.results).hasSize(100);
        }
    }

    @Test
    void withoutResendALostConnectionCompletesFutures() throws Exception {
        try (var server = new FakeServer();
                var client = new Client(server.address, options(), Outcome.NONE)) {
            var peer = server.next();
            var future = client.submitAsync(utf8("m"));
            peer.get().reset();
            assertThat(failure(future).result()).isEqualTo(Result.UNKNOWN);
        }
    }

    /** Nobody is in a call that would ask for a connection. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void withResendFuturesAloneMakeTheClientConnectAnew(boolean once) throws Exception {
        try (var server = new FakeServer();
                var client = new Client(
                        server.address, options().resend(!once).once(once).name("n"), told)) {
            var next = server.next();
            Task<CompletableFuture<Long>> submitted = Task.start(() -> client.submitAsync(utf8("m")));
            for (int i = 0; i < Suspicion.ENDS_MAX - 1; i++) {
                var peer = next.get();
                if (once) {
                    peer.resume(0);
                }
                assertThat(peer.readSubmit()).isEqualTo("1:m");
                next = server.next();
                peer.reset();
            }
            var last = next.get();
            if (once) {
                last.resume(0);
            }
            last.readSubmit();
            if (once) {
                last.answerOnce(1, Result.SUCCESS);
            } else {
                last.acknowledge(1);
            }
            assertThat(submitted.result().get()).isZero();
            last.socket.close();
        }
    }

    @Test
    void aFutureIsCompleteAtLastIfNoServerComesBack() throws Exception {
        var server = new FakeServer();
        try (Heddle heddle = heddle();
                var client = new Client(server.address, options().resend(true).runtime(heddle), told)) {
            var peer = server.next();
            var future = client.submitAsync(utf8("m"));
            peer.get().readSubmit();
            server.close();
            peer.get().reset();
            Await.until("the end", () -> {
                clock.advance(Duration.ofSeconds(1));
                return future.isDone();
            });
            assertThat(failure(future).result()).isEqualTo(Result.UNKNOWN);
            assertThat(told.retries).hasValue(1);
        }
    }

    @Test
    void closeCompletesFutures() throws Exception {
        try (var server = new FakeServer()) {
            var client = new Client(server.address, options().resend(true), told);
            var future = client.submitAsync(utf8("m"));
            client.close();
            assertThat(failure(future).result()).isEqualTo(Result.UNKNOWN);
            assertThatThrownBy(() -> client.submitAsync(utf8("late"))).hasMessage("client closed");
        }
    }

    @Test
    void whatAFutureCallsMustNotWaitForTheClient() throws Exception {
        try (var gateway = new RunningGateway(sink, new GatewayOptions());
                var client = new Client(gateway.address, options(), told)) {
            var inside = client.submitAsync(utf8("m")).thenApply(number -> {
                try {
                    return client.submitAndWait(utf8("inside"), MINUTE);
                } catch (IOException | InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            sink.settle(1, Result.SUCCESS);
            assertThatThrownBy(inside::get).hasCauseInstanceOf(IllegalStateException.class);
            client.awaitSettled();
            assertThat(told.results).hasSize(1);
        }
    }

    @Test
    void manyWaitEachForItsOwnMessage() throws Exception {
        Thread.startVirtualThread(sink::settleUntilClosed);
        try (var gateway = new RunningGateway(sink, new GatewayOptions());
                var client = new Client(gateway.address, options().inFlight(4, 1 << 20), told)) {
            List<Task<Void>> tasks = new ArrayList<>();
            for (int t = 0; t < 16; t++) {
                tasks.add(Task.run(() -> {
                    long last = -1;
                    for (int i = 0; i < 100; i++) {
                        long number = client.submitAndWait(utf8("m"), MINUTE);
                        assertThat(number).isGreaterThan(last);
                        last = number;
                    }
                }));
            }
            for (var task : tasks) {
                task.result();
            }
            assertThat(told.results).hasSize(1600);
        }
    }

    @Test
    void whoWaitsIsToldWhatTheServerAnswered() throws Exception {
        try (var gateway = new RunningGateway(sink, new GatewayOptions());
                var client = new Client(gateway.address, options(), told)) {
            sink.answerOffers(Result.OVERLOADED);
            var e = assertThrows(NotAcknowledgedException.class, () -> client.submitAndWait(utf8("m"), MINUTE));
            assertThat(e.result()).isEqualTo(Result.OVERLOADED);
            assertThat(e.getStackTrace()[0].getMethodName()).isEqualTo("submitAndWait");
            assertThatThrownBy(() -> client.submitAndWait(utf8("m"), Duration.ZERO))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("timeout PT0S: want more than zero");
        }
    }

    @Test
    void whenTheTimeIsOverTheMessageStaysInFlight() throws Exception {
        try (Heddle heddle = heddle();
                var server = new FakeServer();
                var client = new Client(server.address, options().runtime(heddle), told)) {
            var peer = server.next();
            Task<Long> waiting = Task.start(() -> client.submitAndWait(utf8("m"), Duration.ofSeconds(1)));
            peer.get().readSubmit();
            Parked.await(waiting, "submitAndWait", "awaitUntil");
            clock.advance(Duration.ofSeconds(1));
            assertThat(waiting.failure(SocketTimeoutException.class))
                    .hasMessage("submit " + server.address + ": the time for it is over");
            assertThat(told.size()).isZero();
            peer.get().acknowledge(1);
            client.awaitSettled();
            assertThat(told.results).containsEntry(0L, Result.SUCCESS);
            peer.get().socket.close();
        }
    }

    /** For room in the window, for a server that lets nobody in, and for one that is away. */
    @Test
    void theTimeIsForAllThatTheCallWaitsFor() throws Exception {
        var second = Duration.ofSeconds(1);
        var server = new FakeServer();
        try (Heddle heddle = heddle()) {
            var options = options().runtime(heddle).inFlight(1, 1 << 20).resend(true);
            try (var client = new Client(server.address, options, told)) {
                var _ = client.submitAsync(utf8("m"));
                Task<Long> waiting = Task.start(() -> client.submitAndWait(utf8("m"), second));
                Parked.await(waiting, "submit", "awaitUntil");
                clock.advance(second);
                waiting.failure(SocketTimeoutException.class);
                var peer = server.next().get();
                server.close();
                peer.reset();
                Await.until("nobody lets it in", () -> told.retries.get() > 0);
                Task<Long> again = Task.start(() -> client.submitAndWait(utf8("m"), second));
                Parked.await(again, "submit", "awaitUntil");
                clock.advance(second);
                again.failure(SocketTimeoutException.class);
            }
            try (var client = new Client(server.address, options, Outcome.NONE)) {
                Task<Long> waiting = Task.start(() -> client.submitAndWait(utf8("m"), second));
                Await.until("the end", () -> {
                    clock.advance(Duration.ofMillis(100));
                    return waiting.isDone();
                });
                waiting.failure(SocketTimeoutException.class);
            }
        }
    }

    @Test
    void anInterruptEndsTheWaitingAndTheMessageStaysInFlight() throws Exception {
        try (var server = new FakeServer();
                var client = new Client(server.address, options(), told)) {
            var peer = server.next();
            Task<Long> waiting = Task.start(() -> client.submitAndWait(utf8("m"), MINUTE));
            peer.get().readSubmit();
            waiting.thread().interrupt();
            waiting.failure(InterruptedException.class);
            peer.get().acknowledge(1);
            client.awaitSettled();
            assertThat(told.results).containsEntry(0L, Result.SUCCESS);
            peer.get().socket.close();
        }
    }

    /** It takes connections, but answers nothing. */
    @Test
    void anInterruptEndsTheConnecting() throws Exception {
        try (var silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                var client = new Client(
                        "127.0.0.1:" + silent.getLocalPort(), options().resend(true), told)) {
            Task<Void> connecting = Task.run(client::connect);
            try (var accepted = silent.accept()) {
                assertThat(accepted.getInputStream().read()).isZero();
                connecting.thread().interrupt();
                connecting.failure(InterruptedException.class);
            }
        }
    }
}
