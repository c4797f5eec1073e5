package heddle.gateway;

import static heddle.gateway.RawClient.frame;
import static heddle.gateway.RawClient.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.access.Access;
import heddle.gateway.access.Bounds;
import heddle.gateway.access.Limits;
import heddle.gateway.access.Tokens;
import heddle.testing.Task;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Floods, while another client's acks go on: from other addresses of the loopback network, with limits for them. */
@Tag("thorough")
@Timeout(120)
class FloodTest {

    private static final int ACKS = 2000;

    @TempDir
    private Path folder;

    /** What one attacker does again and again. */
    private interface Attack {
        void once(Socket socket, Random random) throws IOException;
    }

    /**
     * Four threads attack from one address; a client of another has {@link #ACKS} acks meanwhile, each submit after the
     * ack before.
     */
    private void flood(Access access, Attack attack, Counter counted) throws Exception {
        var counters = new Counters();
        try (var sink = new StoreSink(folder, new StoreOptions().sync(SyncMode.INTERVAL), counters);
                var gateway = new RunningGateway(sink, new GatewayOptions().access(access), counters);
                var client = gateway.dial()) {
            client.send(frame(1, 1, utf8("client\0right")));
            client.expectAck(0x81, 1, 0);
            var over = new AtomicBoolean();
            var attacks = new AtomicLong();
            List<Task<Void>> attackers = new ArrayList<>();
            for (int a = 0; a < 4; a++) {
                int seed = a;
                attackers.add(Task.run(Thread.ofPlatform().daemon(), () -> {
                    var random = new Random(seed);
                    while (!over.get()) {
                        attackOnce(gateway.port, attack, random);
                        attacks.incrementAndGet();
                    }
                }));
            }
            gateway.await(counted, 1);
            for (int id = 2; id < ACKS + 2; id++) {
                client.submit(id, "m");
                client.expectAck(0x82, id, 0);
            }
            over.set(true);
            for (var one : attackers) {
                one.result();
            }
            client.hangUp();
            assertThat(attacks.get()).isPositive();
            gateway.await(counted, 10);
        }
    }

    private static void attackOnce(int port, Attack attack, Random random) {
        try (var socket = new Socket()) {
            socket.setSoTimeout(30_000);
            socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.66"), 0));
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 30_000);
            attack.once(socket, random);
        } catch (IOException refused) {
            // As it should be; or there is no port left for a moment.
        }
    }

    private static Access limited(Bounds bounds) {
        return Access.OPEN.limits(new Limits(bounds, bounds, Bounds.NONE, Bounds.NONE));
    }

    private static void readAll(Socket socket) throws IOException {
        socket.shutdownOutput();
        socket.getInputStream().readAllBytes();
    }

    @Test
    void connectionsOfOneAddress() throws Exception {
        flood(
                limited(Bounds.NONE.newConnections(20)),
                (_, _) -> {
                    // Connects and hangs up.
                },
                Counter.LIMITED_ADDRESS_RATE);
    }

    @Test
    void wrongTokens() throws Exception {
        flood(
                Access.OPEN.tokens(Tokens.any("right")),
                (socket, random) -> {
                    byte[] token = new byte[20];
                    random.nextBytes(token);
                    byte[] rest = new byte[27];
                    System.arraycopy(utf8("client\0"), 0, rest, 0, 7);
                    System.arraycopy(token, 0, rest, 7, 20);
                    socket.getOutputStream().write(frame(1, 1, rest));
                    readAll(socket);
                },
                Counter.ERROR_NOT_ALLOWED);
    }

    @Test
    void messagesOfOneAddress() throws Exception {
        var bounds = new Bounds(0, 0, 1 << 16, 1000);
        byte[] submits = RawClient.submits(1000, new byte[1000]);
        flood(
                Access.OPEN.limits(new Limits(bounds, bounds, Bounds.NONE, Bounds.NONE)),
                (socket, _) -> {
                    socket.getOutputStream().write(frame(1, 1, utf8("flood")));
                    socket.getOutputStream().write(submits);
                    readAll(socket);
                },
                Counter.LIMITED_MESSAGES);
    }
}
