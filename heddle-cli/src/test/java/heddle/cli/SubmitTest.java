package heddle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What ends the reading of lines when the connection ends; {@link ServeTest} shows the rest of the command. */
class SubmitTest {
    private final AtomicInteger closed = new AtomicInteger();

    private static Submit.Tally tally(boolean resend) {
        return new Submit.Tally(resend, new CommandLine(new Submit()).getCommandSpec());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anEndThatComesBeforeTheFirstLineIsAskedForEndsTheReadingToo(boolean before) {
        var tally = tally(false);
        if (before) {
            tally.lost(new IOException("gone"), 0);
        }
        tally.reads(closed::incrementAndGet);
        if (!before) {
            assertThat(closed).hasValue(0);
            tally.lost(new IOException("gone"), 0);
        }
        assertThat(closed).hasValue(1);
    }

    @Test
    void withResendTheReadingGoesOn() {
        var tally = tally(true);
        tally.reads(closed::incrementAndGet);
        tally.lost(new IOException("gone"), 1);
        tally.reads(closed::incrementAndGet);
        assertThat(closed).hasValue(0);
    }
}
