package heddle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What ends the reading of lines when the connection ends; {@link ServeTest} shows the rest of the command. */
class SubmitTest {
    private final AtomicInteger closed = new AtomicInteger();

    private static Delivery delivery(boolean resend) {
        return new Delivery(new Tally(), resend, note -> {}, null);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anEndThatComesBeforeTheFirstLineIsAskedForEndsTheReadingToo(boolean before) {
        var delivery = delivery(false);
        if (before) {
            delivery.lost(new IOException("gone"), 0);
        }
        delivery.reads(closed::incrementAndGet);
        if (!before) {
            assertThat(closed).hasValue(0);
            delivery.lost(new IOException("gone"), 0);
        }
        assertThat(closed).hasValue(1);
    }

    @Test
    void withResendTheReadingGoesOn() {
        var delivery = delivery(true);
        delivery.reads(closed::incrementAndGet);
        delivery.lost(new IOException("gone"), 1);
        delivery.reads(closed::incrementAndGet);
        assertThat(closed).hasValue(0);
    }
}
