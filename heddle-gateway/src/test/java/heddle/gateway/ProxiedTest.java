package heddle.gateway;

import static heddle.gateway.RawClient.frame;
import static heddle.gateway.RawClient.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.access.Access;
import heddle.gateway.access.Bounds;
import heddle.gateway.access.Cidr;
import heddle.gateway.access.Limits;
import heddle.gateway.access.Networks;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Behind a proxy: what goes by addresses goes by the client's. */
@Timeout(60)
class ProxiedTest {

    private static final Access BEHIND = Access.OPEN.proxies(List.of(Cidr.parse("127.0.0.0/8")));
    private static final Access ELSEWHERE = Access.OPEN.proxies(List.of(Cidr.parse("192.0.2.0/24")));

    private final ManualSink sink = new ManualSink();

    @AfterEach
    void end() {
        sink.end();
    }

    private static GatewayOptions options(Access access) {
        return new GatewayOptions().access(access);
    }

    private static byte[] header(String client) {
        return utf8("PROXY TCP4 " + client + " 198.51.100.1 1024 7000\r\n");
    }

    private static byte[] join(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    @Test
    void aClientIsServedAndItsMistakesAreLoggedWithItsAddress() throws Exception {
        try (var log = new GatewayLog();
                var gateway = new RunningGateway(sink, options(BEHIND));
                var client = gateway.dial()) {
            client.send(join(header("203.0.113.7"), frame(1, 0, utf8("raw")), frame(9, 1, utf8(""))));
            client.expectAck(0x81, 0, 0);
            client.expectAck(0x82, 1, 1);
            gateway.await(Counter.ERROR_UNKNOWN_COMMAND, 1);
            assertThat(log.lines()).singleElement().asString().startsWith("203.0.113.7:1024 \"raw\": ");
        }
    }

    @Test
    void networksAreThoseOfTheClients() throws Exception {
        var access = BEHIND.networks(
                new Networks(List.of(Cidr.parse("203.0.113.0/24")), List.of(Cidr.parse("203.0.113.66"))));
        try (var gateway = new RunningGateway(sink, options(access));
                var welcome = gateway.dial();
                var denied = gateway.dial()) {
            welcome.send(header("203.0.113.7"));
            welcome.introduced();
            assertThat(gateway.gateway.clients()).extracting(ClientStatus::peer).contains("203.0.113.7:1024");
            denied.send(header("203.0.113.66"));
            denied.expectEnd();
            gateway.await(Counter.REFUSED_NETWORK, 1);
            // From now on nobody of these: the one who is there is closed by its own address.
            assertThat(gateway.admit(BEHIND.networks(new Networks(List.of(), List.of(Cidr.parse("203.0.113.0/24"))))))
                    .isOne();
            welcome.expectEnd();
        }
    }

    @Test
    void limitsOfAnAddressAreThoseOfTheClients() throws Exception {
        var one = new Bounds(1, 0, 0, 0);
        var access = BEHIND.limits(new Limits(one, one, Bounds.NONE, Bounds.NONE));
        try (var gateway = new RunningGateway(sink, options(access));
                var first = gateway.dial();
                var second = gateway.dial();
                var other = gateway.dial()) {
            first.send(header("203.0.113.7"));
            first.introduced();
            second.send(header("203.0.113.7"));
            second.expectEnd();
            gateway.await(Counter.LIMITED_ADDRESS_CONNECTIONS, 1);
            other.send(header("203.0.113.8"));
            other.introduced();
        }
    }

    @Test
    void aProxyWithoutAHeaderIsRefusedAndCounted() throws Exception {
        try (var log = new GatewayLog();
                var gateway = new RunningGateway(sink, options(BEHIND));
                var client = gateway.dial()) {
            client.send(frame(1, 0, utf8("raw")));
            client.expectEnd();
            gateway.await(Counter.ERROR_PROXY, 1);
            assertThat(log.lines())
                    .singleElement()
                    .asString()
                    .startsWith("127.0.0.1:")
                    .contains("no PROXY header");
        }
    }

    @Test
    void aStrangersHeaderIsRefusedAndCountedAndOtherwiseItIsServed() throws Exception {
        try (var log = new GatewayLog();
                var gateway = new RunningGateway(sink, options(ELSEWHERE));
                var stranger = gateway.dial();
                var client = gateway.dial()) {
            stranger.send(header("203.0.113.7"));
            stranger.expectEnd();
            gateway.await(Counter.ERROR_PROXY_STRANGER, 1);
            assertThat(log.lines())
                    .singleElement()
                    .asString()
                    .startsWith("127.0.0.1:")
                    .endsWith("not one of the proxies'");
            client.introduced();
        }
    }

    @Test
    void whoIsAProxyChangesForTheConnectionsToCome() throws Exception {
        try (var gateway = new RunningGateway(sink, options(Access.OPEN));
                var before = gateway.dialIntroduced()) {
            assertThat(gateway.admit(BEHIND)).isZero();
            try (var behind = gateway.dial()) {
                behind.send(header("203.0.113.7"));
                behind.introduced();
            }
            before.submit(1, "still here");
            sink.settle(1, Result.SUCCESS);
            before.expectAck(0x82, 1, 0);
        }
    }

    /** Nobody else waits for it, and it has its bound. */
    @Test
    void aProxyThatSendsNoWholeHeaderIsClosedInTime() throws Exception {
        var options = options(BEHIND).handshakeTimeout(Duration.ofMillis(200));
        try (var gateway = new RunningGateway(sink, options);
                var slow = gateway.dial()) {
            slow.send(utf8("PROXY TCP4 203.0"));
            try (var client = gateway.dial()) {
                client.send(header("203.0.113.8"));
                client.introduced();
            }
            slow.expectEnd();
            gateway.await(Counter.TIMEOUT_PROXY, 1);
        }
    }

    @Test
    void aStopWaitsForNoHeader() throws Exception {
        try (var gateway = new RunningGateway(sink, options(BEHIND));
                var slow = gateway.dial()) {
            slow.send(utf8("PROXY TCP4 203.0"));
            try (var client = gateway.dial()) {
                client.send(header("203.0.113.8"));
                client.introduced();
            }
            assertThat(gateway.stop(Duration.ofSeconds(30))).isZero();
            slow.expectEnd();
        }
    }
}
