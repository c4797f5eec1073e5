package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Options: a setter leaves its object as it was, and refuses what makes no sense. */
class CheckedTest {

    private static void refused(String message, ThrowingCallable setter) {
        assertThatThrownBy(setter).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    @Test
    void settersLeaveTheirOptionsAsTheyWere() {
        var plain = new GatewayOptions();
        assertThat(plain.inFlightMax(7).inFlightMax).isEqualTo(7);
        assertThat(plain.inFlightMax).isEqualTo(8192);
        var client = new ClientOptions().name("one");
        assertThat(client.resend(true).name).isEqualTo("one");
        assertThat(client.resend).isFalse();
        var store = new StoreOptions();
        assertThat(store.queue(3, 4).roomWait(Duration.ZERO).queueMessagesMax).isEqualTo(3);
        assertThat(store.queueMessagesMax).isEqualTo(1 << 16);
        assertThat(store.queueTakes(1 << 30).queueBytesMax).isEqualTo(4L << 30);
        assertThat(store.queueTakes(1).queueBytesMax).isEqualTo(64 << 20);
    }

    @Test
    void valuesThatMakeNoSenseAreRefused() {
        refused("frameBytesMax 12: want 13 or more", () -> new GatewayOptions().frameBytesMax(12));
        refused("connectionsMax 0: want 1 or more", () -> new GatewayOptions().connectionsMax(0));
        refused("idleTimeout PT0S: want more than zero", () -> new GatewayOptions().idleTimeout(Duration.ZERO));
        refused(
                "drainTimeout PT-1S: want zero or more",
                () -> new GatewayOptions().drainTimeout(Duration.ofSeconds(-1)));
        refused("inFlight bytes 0: want 1 or more", () -> new ClientOptions().inFlight(1, 0));
        refused("ackTimeout PT0S: want more than zero", () -> new ClientOptions().ackTimeout(Duration.ZERO));
        refused("storeBytesMax 0: want 1 or more", () -> new StoreOptions().storeBytesMax(0));
        refused("queue messages 0: want 1 or more", () -> new StoreOptions().queue(0, 1));
    }
}
