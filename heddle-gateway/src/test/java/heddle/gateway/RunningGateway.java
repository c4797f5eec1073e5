package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.access.Access;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.TcpAddr;
import heddle.testing.Await;
import heddle.tls.TlsContext;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A gateway on a free port, and the clients that a test opens to it. */
final class RunningGateway implements AutoCloseable {
    final Counters counters;
    final Gateway gateway;
    final int port;
    final String address;
    private final FutureTask<Void> serving;
    private final List<RawClient> clients = new ArrayList<>();
    private boolean stopped;

    RunningGateway(Sink sink, GatewayOptions options) throws IOException {
        this(sink, options, new Counters());
    }

    RunningGateway(Sink sink, GatewayOptions options, Counters counters) throws IOException {
        this(sink, options, counters, 0);
    }

    RunningGateway(Sink sink, GatewayOptions options, Counters counters, int wantedPort) throws IOException {
        this(sink, options, counters, wantedPort, Heddle.shared());
    }

    /** On a runtime of its own, for instance one whose clock the test moves. */
    RunningGateway(Sink sink, GatewayOptions options, Heddle heddle) throws IOException {
        this(sink, options, new Counters(), 0, heddle);
    }

    /** One that speaks TLS. */
    RunningGateway(Sink sink, GatewayOptions options, TlsContext tls) throws IOException {
        this(tls.listener(Heddle.shared().listenConfig().listen("tcp", "127.0.0.1:0")), sink, options, new Counters());
    }

    private RunningGateway(Sink sink, GatewayOptions options, Counters counters, int wantedPort, Heddle heddle)
            throws IOException {
        this(heddle.listenConfig().listen("tcp", "127.0.0.1:" + wantedPort), sink, options, counters);
    }

    private RunningGateway(Listener listener, Sink sink, GatewayOptions options, Counters counters) {
        this.counters = counters;
        this.port = ((TcpAddr) listener.address()).port();
        this.address = "127.0.0.1:" + port;
        this.gateway = new Gateway(listener, sink, options, counters);
        this.serving = new FutureTask<>(() -> {
            gateway.serve();
            return null;
        });
        Thread.startVirtualThread(serving);
    }

    RawClient dial() throws IOException {
        var client = new RawClient(port);
        clients.add(client);
        return client;
    }

    RawClient dialIntroduced() throws IOException {
        return dial().introduced();
    }

    /** Changes who may; how many connections that closes. */
    int admit(Access access) {
        return gateway.reload(new GatewayOptions().access(access));
    }

    int stop(Duration bound) throws InterruptedException {
        stopped = true;
        return gateway.stop(bound);
    }

    /** Waits until the count is there; that it goes no further is for {@link #endAndExpect}. */
    void await(Counter counter, long value) throws Exception {
        Await.until(
                () -> value + " " + counter.id() + ", got " + counters.value(counter),
                () -> counters.value(counter) >= value);
    }

    /** Stops, and checks a count that can no longer change. */
    void endAndExpect(Counter counter, long value) throws IOException {
        end();
        assertThat(counters.value(counter)).as(counter.id()).isEqualTo(value);
    }

    /** Hangs up and stops; the counts are final then. */
    void end() throws IOException {
        for (var client : clients) {
            client.hangUp();
        }
        try {
            if (!stopped) {
                stop(Duration.ofSeconds(5));
            }
            serving.get();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        end();
    }
}
