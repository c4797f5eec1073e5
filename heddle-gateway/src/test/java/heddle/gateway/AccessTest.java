package heddle.gateway;

import static heddle.gateway.RawClient.frame;
import static heddle.gateway.RawClient.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.access.Access;
import heddle.gateway.access.Bounds;
import heddle.gateway.access.Cidr;
import heddle.gateway.access.Limits;
import heddle.gateway.access.Networks;
import heddle.gateway.access.Tokens;
import heddle.net.Heddle;
import heddle.net.Net;
import heddle.testing.Await;
import heddle.testing.Task;
import heddle.time.ManualClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in, how much each may take, and what a change of it does to who is there; without TLS. */
@Timeout(60)
class AccessTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final ManualSink sink = new ManualSink();
    private final ManualClock clock = new ManualClock();

    @TempDir
    private Path folder;

    @AfterEach
    void end() {
        sink.end();
    }

    private static GatewayOptions options(Access access) {
        return new GatewayOptions().access(access);
    }

    private static Limits perAddress(Bounds bounds) {
        return new Limits(bounds, bounds, Bounds.NONE, Bounds.NONE);
    }

    private static Limits perClient(Bounds bounds) {
        return new Limits(Bounds.NONE, Bounds.NONE, bounds, Bounds.NONE);
    }

    private static Limits inAll(Bounds bounds) {
        return new Limits(Bounds.NONE, Bounds.NONE, Bounds.NONE, bounds);
    }

    private static Access limits(Limits limits) {
        return Access.OPEN.limits(limits);
    }

    private static Networks denied(String network) {
        return new Networks(List.of(), List.of(Cidr.parse(network)));
    }

    // ---- Networks

    @Test
    void whoComesFromAWrongNetworkIsRefusedAtTheDoor() throws Exception {
        try (var gateway = new RunningGateway(sink, options(Access.OPEN.networks(denied("127.0.0.0/8"))));
                var client = gateway.dial()) {
            client.expectEnd();
            gateway.await(Counter.REFUSED_NETWORK, 1);
            gateway.endAndExpect(Counter.CONNECTIONS, 0);
        }
    }

    @Test
    void aChangeClosesWhoMayNoLongerBeThereAndTheOthersGoOn() throws Exception {
        Path file = Files.writeString(folder.resolve("tokens"), "a token-of-a-012345\nb token-of-b-012345\n");
        Access access = Access.OPEN.tokens(Tokens.read(file));
        try (var gateway = new RunningGateway(sink, options(access));
                var a = gateway.dial();
                var b = gateway.dial();
                var stranger = gateway.dial()) {
            a.send(frame(1, 1, utf8("a\0token-of-a-012345")));
            a.expectAck(0x81, 1, 0);
            b.send(frame(1, 1, utf8("b\0token-of-b-012345")));
            b.expectAck(0x81, 1, 0);
            Files.writeString(file, "b token-of-b-012345\nb another-of-b-01234\n");
            assertThat(gateway.admit(Access.OPEN.tokens(Tokens.read(file)))).isOne();
            a.expectEnd();
            b.submit(2, "still here");
            sink.settle(1, Result.SUCCESS);
            b.expectAck(0x82, 2, 0);
            stranger.send(frame(1, 1, utf8("a\0token-of-a-012345")));
            stranger.expectAck(0x81, 1, 2);
            stranger.expectEndOfStream();
            stranger.hangUp();
            gateway.await(Counter.CONNECTIONS_CLOSED, 2);
            assertThat(gateway.admit(Access.OPEN.networks(denied("127.0.0.1")))).isOne();
            b.expectEnd();
            gateway.await(Counter.REVOKED, 2);
        }
    }

    // ---- Names

    @Test
    void aTokenLetsInUnderTheNamesThatItIsListedForAndNoOther() throws Exception {
        Path file = Files.writeString(folder.resolve("tokens"), "till-* token-of-tills-0\ndesk token-of-desk-01\n");
        try (var gateway = new RunningGateway(sink, options(Access.OPEN.tokens(Tokens.read(file))));
                var till = gateway.dial();
                var other = gateway.dial()) {
            till.send(frame(1, 1, utf8("till-7\0token-of-tills-0")));
            till.expectAck(0x81, 1, 0);
            other.send(frame(1, 1, utf8("desk\0token-of-tills-0")));
            other.expectAck(0x81, 1, 2);
            // Nothing can be resumed or submitted under that name.
            other.send(RawClient.numbered(4, 7, ""));
            other.expectEnd();
            gateway.endAndExpect(Counter.ERROR_NOT_ALLOWED, 1);
        }
    }

    @Test
    void wrongTokensAtSpeedAreAnsweredAndCountedAndTheLogStaysShort() throws Exception {
        try (var log = new GatewayLog();
                var gateway = new RunningGateway(sink, new GatewayOptions().token("right"))) {
            for (int i = 0; i < 30; i++) {
                try (var client = gateway.dial()) {
                    client.send(frame(1, 1, utf8("name\0wrong" + i)));
                    client.expectAck(0x81, 1, 2);
                }
            }
            gateway.endAndExpect(Counter.ERROR_NOT_ALLOWED, 30);
            assertThat(log.lines())
                    .filteredOn(line -> line.contains("wrong or missing token"))
                    .hasSize(10);
        }
    }

    /** Such as that of a variable that nobody has set. */
    @Test
    void anEmptyTokenIsNoToken() throws Exception {
        try (var gateway = new RunningGateway(sink, new GatewayOptions().token(""));
                var client = gateway.dial()) {
            client.send(frame(1, 1, utf8("anybody\0")));
            client.expectAck(0x81, 1, 2);
            gateway.endAndExpect(Counter.ERROR_NOT_ALLOWED, 1);
        }
    }

    // ---- Connections

    @Test
    void anAddressHasSoManyConnections() throws Exception {
        try (var gateway = new RunningGateway(sink, options(limits(perAddress(Bounds.NONE.connections(2)))));
                var first = gateway.dialIntroduced();
                var second = gateway.dialIntroduced();
                var third = gateway.dial()) {
            third.expectEnd();
            gateway.await(Counter.LIMITED_ADDRESS_CONNECTIONS, 1);
            first.hangUp();
            gateway.await(Counter.CONNECTIONS_CLOSED, 1);
            gateway.dialIntroduced();
            second.submit(1, "on");
            sink.settle(1, Result.SUCCESS);
            second.expectAck(0x82, 1, 0);
        }
    }

    @Test
    void aClientHasSoManyConnectionsAndFurtherOnesAreTold() throws Exception {
        try (var gateway = new RunningGateway(sink, options(limits(perClient(Bounds.NONE.connections(1)))));
                var first = gateway.dial().introduced("a");
                var second = gateway.dial();
                var other = gateway.dial().introduced("b")) {
            second.send(frame(1, 1, utf8("a")));
            second.expectAck(0x81, 1, 3);
            second.expectEndOfStream();
            first.hangUp();
            gateway.await(Counter.CONNECTIONS_CLOSED, 1);
            second.hangUp();
            gateway.await(Counter.CONNECTIONS_CLOSED, 2);
            gateway.dial().introduced("a");
            other.hangUp();
            gateway.endAndExpect(Counter.LIMITED_CLIENT_CONNECTIONS, 1);
        }
    }

    @Test
    void anAddressHasSoManyNewConnectionsASecond() throws Exception {
        try (var heddle = Heddle.builder().clock(clock).start();
                var gateway =
                        new RunningGateway(sink, options(limits(perAddress(Bounds.NONE.newConnections(2)))), heddle)) {
            gateway.dialIntroduced();
            gateway.dialIntroduced();
            gateway.dial().expectEnd();
            clock.advance(SECOND.dividedBy(2));
            gateway.dialIntroduced();
            gateway.dial().expectEnd();
            gateway.endAndExpect(Counter.LIMITED_ADDRESS_RATE, 2);
        }
    }

    @Test
    void allTogetherHaveSoManyNewConnectionsASecond() throws Exception {
        try (var heddle = Heddle.builder().clock(clock).start();
                var gateway = new RunningGateway(sink, options(limits(inAll(Bounds.NONE.newConnections(1)))), heddle)) {
            gateway.dialIntroduced();
            gateway.dial().expectEnd();
            clock.advance(SECOND);
            gateway.dialIntroduced();
            gateway.endAndExpect(Counter.LIMITED_RATE, 1);
        }
    }

    @Test
    void aClientHasSoManyNewConnectionsASecond() throws Exception {
        try (var heddle = Heddle.builder().clock(clock).start();
                var gateway =
                        new RunningGateway(sink, options(limits(perClient(Bounds.NONE.newConnections(1)))), heddle);
                var second = gateway.dial()) {
            gateway.dial().introduced("a");
            second.send(frame(1, 1, utf8("a")));
            second.expectAck(0x81, 1, 3);
            gateway.dial().introduced("b");
            clock.advance(SECOND);
            gateway.dial().introduced("a");
            gateway.endAndExpect(Counter.LIMITED_CLIENT_RATE, 1);
        }
    }

    // ---- Messages

    @Test
    void whoSendsTooManyMessagesASecondWaitsForTheNext() throws Exception {
        try (var heddle = Heddle.builder().clock(clock).start();
                var gateway = new RunningGateway(sink, options(limits(perClient(Bounds.NONE.messages(2)))), heddle);
                var quick = gateway.dial().introduced("quick");
                var other = gateway.dial().introduced("other")) {
            quick.send(RawClient.submits(4, utf8("m")));
            sink.settle(2, Result.SUCCESS);
            quick.expectAck(0x82, 1, 0);
            quick.expectAck(0x82, 2, 0);
            gateway.await(Counter.LIMITED_MESSAGES, 1);
            other.submit(1, "not held up");
            sink.settle(1, Result.SUCCESS);
            other.expectAck(0x82, 1, 0);
            clock.advance(SECOND.dividedBy(2));
            sink.settle(1, Result.SUCCESS);
            quick.expectAck(0x82, 3, 0);
            gateway.await(Counter.LIMITED_MESSAGES, 2);
            clock.advance(SECOND.dividedBy(2));
            sink.settle(1, Result.SUCCESS);
            quick.expectAck(0x82, 4, 0);
            gateway.endAndExpect(Counter.LIMITED_MESSAGES, 2);
        }
    }

    /** What was read is answered at a stop, as always. */
    @Test
    void aStopDoesNotWaitForTurns() throws Exception {
        try (var heddle = Heddle.builder().clock(clock).start();
                var gateway = new RunningGateway(sink, options(limits(inAll(Bounds.NONE.messages(1)))), heddle);
                var client = gateway.dialIntroduced()) {
            client.send(RawClient.submits(3, utf8("m")));
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 1, 0);
            gateway.await(Counter.LIMITED_MESSAGES, 1);
            var stop = Task.start(() -> gateway.stop(Duration.ofSeconds(30)));
            sink.settle(2, Result.SUCCESS);
            client.expectAck(0x82, 2, 0);
            client.expectAck(0x82, 3, 0);
            client.expectEndOfStream();
            client.hangUp();
            assertThat(stop.result()).isZero();
        }
    }

    @Test
    void whoIsClosedWhileItWaitsForTurnsSubmitsNothingMore() throws Exception {
        try (var heddle = Heddle.builder().clock(clock).start();
                var gateway = new RunningGateway(sink, options(limits(inAll(Bounds.NONE.messages(1)))), heddle);
                var client = gateway.dialIntroduced()) {
            client.send(RawClient.submits(100, utf8("m")));
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 1, 0);
            gateway.await(Counter.LIMITED_MESSAGES, 1);
            Access denying = limits(inAll(Bounds.NONE.messages(1))).networks(denied("127.0.0.1"));
            assertThat(gateway.admit(denying)).isOne();
            client.expectEnd();
            Await.until("the session ends", () -> {
                clock.advance(SECOND);
                return gateway.counters.value(Counter.CONNECTIONS_CLOSED) == 1;
            });
            gateway.endAndExpect(Counter.SUBMITS, 2);
            assertThat(gateway.counters.value(Counter.ACKS_NOT_STORED)).isOne();
        }
    }

    @Test
    void whomAnOperatorClosesWhileItWaitsForTurnsEndsAtOnce() throws Exception {
        try (var heddle = Heddle.builder().clock(clock).start();
                var gateway = new RunningGateway(sink, options(limits(inAll(Bounds.NONE.messages(1)))), heddle);
                var client = gateway.dialIntroduced()) {
            client.send(RawClient.submits(3, utf8("m")));
            gateway.await(Counter.LIMITED_MESSAGES, 1);
            assertThat(gateway.gateway.closeClient(1)).isTrue();
            gateway.await(Counter.CONNECTIONS_CLOSED, 1);
            gateway.endAndExpect(Counter.ACKS_NOT_STORED, 1);
        }
    }

    @Test
    void turnsOfBeforeCountOnWhereTheLimitsAreTheSame() throws Exception {
        Access access = limits(inAll(Bounds.NONE.messages(1)));
        try (var heddle = Heddle.builder().clock(clock).start();
                var gateway = new RunningGateway(sink, options(access), heddle);
                var client = gateway.dialIntroduced()) {
            client.submit(1, "m");
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 1, 0);
            gateway.admit(limits(inAll(Bounds.NONE.messages(1))).networks(denied("192.0.2.0/24")));
            client.submit(2, "m");
            gateway.await(Counter.SUBMITS, 2);
            clock.advance(SECOND);
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 2, 0);
            gateway.endAndExpect(Counter.LIMITED_MESSAGES, 1);
        }
    }

    /** By the limits of before, then by those of now. */
    @Test
    void whatWaitsTwiceForItsTurnCountsOnce() throws Exception {
        try (var heddle = Heddle.builder().clock(clock).start();
                var gateway = new RunningGateway(sink, options(limits(inAll(Bounds.NONE.messages(1)))), heddle);
                var before = gateway.dialIntroduced();
                var now = gateway.dialIntroduced()) {
            before.send(RawClient.submits(2, utf8("m")));
            gateway.await(Counter.LIMITED_MESSAGES, 1);
            Bounds one = Bounds.NONE.messages(1);
            gateway.admit(limits(new Limits(Bounds.NONE, Bounds.NONE, Bounds.NONE.messages(9), one)));
            now.send(RawClient.submits(2, utf8("m")));
            gateway.await(Counter.LIMITED_MESSAGES, 2);
            clock.advance(SECOND);
            sink.settle(3, Result.SUCCESS);
            now.expectAck(0x82, 1, 0);
            now.expectAck(0x82, 2, 0);
            clock.advance(SECOND);
            sink.settle(1, Result.SUCCESS);
            before.expectAck(0x82, 1, 0);
            before.expectAck(0x82, 2, 0);
            gateway.endAndExpect(Counter.LIMITED_MESSAGES, 2);
        }
    }

    @Test
    void aRaisedBoundLetsThoseOnWhoWaitForTurns() throws Exception {
        try (var heddle = Heddle.builder().clock(clock).start();
                var gateway = new RunningGateway(sink, options(limits(inAll(Bounds.NONE.messages(1)))), heddle);
                var client = gateway.dialIntroduced()) {
            client.send(RawClient.submits(10, utf8("m")));
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 1, 0);
            gateway.await(Counter.LIMITED_MESSAGES, 1);
            gateway.admit(limits(inAll(Bounds.NONE.messages(1000))));
            clock.advance(SECOND); // the second one's turn by the bound of before; the others' would take eight more
            sink.settle(9, Result.SUCCESS);
            for (int id = 2; id <= 10; id++) {
                client.expectAck(0x82, id, 0);
            }
        }
    }

    @Test
    void whoHasTooManyBytesInFlightIsNotReadUntilSomeAreSettled() throws Exception {
        try (var gateway = new RunningGateway(sink, options(limits(perClient(Bounds.NONE.bytesInFlight(10)))));
                var one = gateway.dial().introduced("a");
                var two = gateway.dial().introduced("a");
                var other = gateway.dial().introduced("b")) {
            one.submit(1, "12345678");
            gateway.await(Counter.SUBMITS, 1);
            two.submit(1, "12345678");
            gateway.await(Counter.SUBMITS, 2);
            other.submit(1, "12345678901234");
            gateway.await(Counter.SUBMITS, 3);
            // Those of "a" by turns; that of "b" is larger than the bound, and alone.
            sink.settle(2, Result.SUCCESS);
            one.expectAck(0x82, 1, 0);
            other.expectAck(0x82, 1, 0);
            sink.settle(1, Result.SUCCESS);
            two.expectAck(0x82, 1, 0);
            gateway.endAndExpect(Counter.LIMITED_BYTES, 1);
        }
    }

    /** Somebody else of its name has all of the bytes, and gets them again. */
    @Test
    void whoIsClosedWhileItWaitsForBytesSubmitsNothingMoreAndHoldsNone() throws Exception {
        try (var gateway = new RunningGateway(sink, options(limits(perClient(Bounds.NONE.bytesInFlight(10)))));
                var one = gateway.dial().introduced("a");
                var two = gateway.dial().introduced("a")) {
            one.submit(1, "12345678");
            gateway.await(Counter.SUBMITS, 1);
            two.send(RawClient.submits(3, utf8("87654321")));
            gateway.await(Counter.SUBMITS, 2);
            assertThat(gateway.gateway.closeClient(2)).isTrue();
            two.expectEnd();
            sink.settle(1, Result.SUCCESS);
            one.expectAck(0x82, 1, 0);
            gateway.await(Counter.CONNECTIONS_CLOSED, 1);
            one.submit(2, "12345678");
            sink.settle(1, Result.SUCCESS);
            one.expectAck(0x82, 2, 0);
            gateway.endAndExpect(Counter.SUBMITS, 3);
            assertThat(gateway.counters.value(Counter.ACKS_NOT_STORED)).isOne();
            assertThat(gateway.counters.value(Counter.LIMITED_BYTES)).isOne();
            assertThat(sink.stored).containsExactly(utf8("12345678"), utf8("12345678"));
        }
    }

    /** What a sink throws has left nothing there, and the client's other connections go on. */
    @Test
    void whatASinkThrowsGivesTheBytesBack() throws Exception {
        try (var gateway = new RunningGateway(sink, options(limits(perClient(Bounds.NONE.bytesInFlight(10)))));
                var one = gateway.dial().introduced("a");
                var two = gateway.dial().introduced("a")) {
            sink.failOffers(true);
            one.submit(1, "12345678");
            one.expectEnd();
            gateway.await(Counter.CONNECTIONS_CLOSED, 1);
            sink.failOffers(false);
            two.submit(1, "12345678");
            sink.settle(1, Result.SUCCESS);
            two.expectAck(0x82, 1, 0);
            gateway.endAndExpect(Counter.LIMITED_BYTES, 0);
        }
    }

    @Test
    void aRaisedBoundLetsThoseOnWhoWait() throws Exception {
        try (var gateway = new RunningGateway(sink, options(limits(perAddress(Bounds.NONE.bytesInFlight(4)))));
                var client = gateway.dialIntroduced()) {
            client.send(RawClient.submits(2, utf8("1234")));
            gateway.await(Counter.SUBMITS, 2);
            gateway.admit(Access.OPEN);
            sink.settle(2, Result.SUCCESS);
            client.expectAck(0x82, 1, 0);
            client.expectAck(0x82, 2, 0);
        }
    }

    /** Two thousand clients come and go: what is remembered of them is nothing. */
    @Test
    void nothingIsKeptOfWhoHasGone() throws Exception {
        var counters = new Counters();
        var reception = new Reception(limits(Limits.DEFAULT), counters, clock);
        try (var pipe = Net.pipe()) {
            for (int i = 0; i < 2000; i++) {
                var guest = new Guest(i, reception, pipe.left());
                assertThat(guest.arrive()).isTrue();
                assertThat(guest.introduce("client-" + i, null)).isNull();
                guest.begin(10);
                guest.leave();
                guest.settled(1);
            }
        }
        Await.until("nobody is left", () -> reception.clients.size() == 0 && reception.addresses.size() == 0);
    }
}
