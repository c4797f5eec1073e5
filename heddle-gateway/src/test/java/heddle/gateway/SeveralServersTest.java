package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.net.ConnRefusedException;
import heddle.testing.Await;
import heddle.testing.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A {@link Client} of several servers, of which some are away, refuse or end. */
@Timeout(60)
class SeveralServersTest extends ClientTestBase {
    /** Where nobody listens any more. */
    private static String nobody() throws IOException {
        try (var server = new FakeServer()) {
            return server.address;
        }
    }

    @Test
    void anyServerIsTheFirst() throws Exception {
        try (var a = new FakeServer();
                var b = new FakeServer()) {
            Await.until("each had a client", () -> {
                try (var client =
                        new Client(List.of(a.address, b.address), options().closeTimeout(Duration.ZERO), told)) {
                    client.connect();
                }
                return a.accepted() > 0 && b.accepted() > 0;
            });
        }
    }

    @Test
    void aServerThatIsAwayOrRefusesIsPassedOver() throws Exception {
        for (int refusal : new int[] {Result.OVERLOADED, Result.NOT_ALLOWED}) {
            try (var refusing = new FakeServer();
                    var server = new FakeServer()) {
                refusing.introduction = refusal;
                var addresses = List.of(nobody(), refusing.address, server.address);
                for (int i = 1; i <= 10; i++) {
                    try (var client = new Client(addresses, options().closeTimeout(Duration.ZERO), told)) {
                        client.connect();
                        assertThat(server.accepted()).isEqualTo(i);
                    }
                }
            }
        }
        assertThat(told.retries).hasValue(0);
    }

    @Test
    void whereAllRefuseForGoodThatIsTheEnd() throws Exception {
        try (var a = new FakeServer();
                var b = new FakeServer();
                var client = new Client(List.of(a.address, b.address), options().resend(true), told)) {
            a.introduction = Result.NOT_ALLOWED;
            b.introduction = Result.NOT_ALLOWED;
            assertThat(assertThrows(RefusedException.class, client::connect).result())
                    .isEqualTo(Result.NOT_ALLOWED);
            assertThat(a.accepted()).isEqualTo(1);
            assertThat(b.accepted()).isEqualTo(1);
        }
    }

    @Test
    void whereNoneIsThereTheFailureNamesEach() throws Exception {
        String a = nobody();
        String b = nobody();
        try (var client = new Client(List.of(a, b), options(), told)) {
            var e = assertThrows(IOException.class, client::connect);
            assertThat(e)
                    .hasMessageContaining("dial tcp " + a + ": connect: connection refused")
                    .hasMessageContaining("; dial tcp ")
                    .hasMessageContaining("dial tcp " + b + ": connect: connection refused");
            assertThat(e.getSuppressed()).hasSize(2).hasOnlyElementsOfType(ConnRefusedException.class);
        }
    }

    /** Two servers take turns at being away; what one has acknowledged, it has. */
    @Test
    void withResendNothingIsMissingWhicheverServerEnds() throws Exception {
        var sinks = List.of(new ManualSink(), new ManualSink());
        for (var sink : sinks) {
            Thread.startVirtualThread(sink::settleUntilClosed);
        }
        var gateways = new RunningGateway[2];
        for (int i = 0; i < 2; i++) {
            gateways[i] = new RunningGateway(sinks.get(i), new GatewayOptions());
        }
        var over = new AtomicBoolean();
        var addresses = List.of(gateways[0].address, gateways[1].address);
        int count;
        try (var client = new Client(addresses, options().resend(true).inFlight(64, 1 << 20), told)) {
            Task<Integer> sent = Task.start(() -> {
                int submitted = 0;
                while (!over.get()) {
                    submit(client, "m" + submitted++);
                }
                client.awaitSettled();
                return submitted;
            });
            for (int turn = 0; turn < 6; turn++) {
                int ends = turn % 2;
                int before = told.size();
                told.await(before + 300);
                gateways[ends].stop(Duration.ZERO);
                gateways[ends].end();
                gateways[1 - ends].await(Counter.ACKS, 300); // the other has its clients now
                gateways[ends] =
                        new RunningGateway(sinks.get(ends), new GatewayOptions(), new Counters(), gateways[ends].port);
            }
            over.set(true);
            count = sent.result();
        }
        for (int i = 0; i < 2; i++) {
            gateways[i].end();
            sinks.get(i).end();
        }
        assertThat(told.results).hasSize(count);
        assertThat(told.results.values()).containsOnly(Result.SUCCESS);
        assertThat(told.retries).as("there was always one").hasValue(0);
        Set<String> stored = new HashSet<>();
        for (var sink : sinks) {
            sink.stored.forEach(message -> stored.add(new String(message, StandardCharsets.UTF_8)));
        }
        assertThat(stored).hasSize(count);
    }

    @Test
    void onceOverServersThatCountByThemselvesIsRefused() {
        var once = options().once(true).name("n");
        assertThatThrownBy(() -> new Client(List.of("127.0.0.1:1", "127.0.0.1:2"), once, told))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "once: 2 servers count by themselves, unless sharedStore says that they keep all at one place");
        new Client("127.0.0.1:1", once, told).close();
    }

    /** Two gateways with one sink, of which one or the other ends. */
    @Test
    void onceOverServersOfOneStoreEachMessageIsThereOnceAndInOrder(@TempDir Path folder) throws Exception {
        int count = 3000;
        var counters = new Counters();
        var once = options().once(true).name("n").sharedStore(true).inFlight(64, 1 << 20);
        try (var sink = new StoreSink(folder, new StoreOptions().sync(SyncMode.INTERVAL), counters)) {
            var gateways = new RunningGateway[2];
            for (int i = 0; i < 2; i++) {
                gateways[i] = new RunningGateway(sink, new GatewayOptions(), counters);
            }
            try (var client = new Client(List.of(gateways[0].address, gateways[1].address), once, told)) {
                for (int i = 0; i < count; i++) {
                    submit(client, "m" + i);
                    if (i % 500 == 499) {
                        int ends = i / 500 % 2;
                        gateways[ends].stop(Duration.ZERO);
                        gateways[ends].end();
                        gateways[ends] = new RunningGateway(sink, new GatewayOptions(), counters, gateways[ends].port);
                    }
                }
                client.awaitSettled();
            }
            for (var gateway : gateways) {
                gateway.end();
            }
        }
        assertThat(told.results.values()).hasSize(count).containsOnly(Result.SUCCESS);
        assertThat(Stored.texts(folder))
                .isEqualTo(IntStream.range(0, count).mapToObj(i -> "m" + i).toList());
    }
}
