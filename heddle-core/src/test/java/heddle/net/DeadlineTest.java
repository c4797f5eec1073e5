package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Behaviour;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DeadlineTest {

    @Test
    void zeroAndNegativeTimeoutsArePast() {
        assertThat(Deadline.after(Duration.ZERO)).isEqualTo(Deadline.PAST);
        assertThat(Deadline.after(Duration.ofNanos(-1))).isEqualTo(Deadline.PAST);
        assertThat(Deadline.afterNanos(Long.MIN_VALUE)).isEqualTo(Deadline.PAST);
        assertThat(Deadline.PAST.hasPassed()).isTrue();
        assertThat(Deadline.PAST.remainingNanos()).isZero();
    }

    @Test
    @Behaviour(14)
    void farTimeoutsDoNotOverflow() {
        for (Deadline far : new Deadline[] {
            Deadline.afterNanos(Long.MAX_VALUE),
            Deadline.after(Duration.ofSeconds(Long.MAX_VALUE)),
            Deadline.after(Duration.ofDays(365 * 200))
        }) {
            assertThat(far.hasPassed()).isFalse();
            assertThat(far.remainingNanos())
                    .isGreaterThan(Duration.ofDays(365 * 100).toNanos());
        }
        assertThat(Deadline.after(Duration.ofSeconds(Long.MIN_VALUE))).isEqualTo(Deadline.PAST);
    }

    @Test
    void noneNeverPassesAndIsTheLatest() {
        Deadline soon = Deadline.afterNanos(1_000);
        assertThat(Deadline.NONE.hasPassed()).isFalse();
        assertThat(Deadline.NONE.earlier(soon)).isSameAs(soon);
        assertThat(soon.earlier(Deadline.NONE)).isSameAs(soon);
        assertThat(soon.earlier(Deadline.PAST)).isSameAs(Deadline.PAST);
        assertThat(Deadline.afterNanos(1_000_000_000).earlier(soon)).isSameAs(soon);
        assertThat(Deadline.NONE.earlier(Deadline.NONE)).isSameAs(Deadline.NONE);
    }

    @Test
    void passesWhenItsTimeHasCome() {
        Deadline soon = Deadline.afterNanos(1_000);
        long end = System.nanoTime() + 1_000;
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
        assertThat(soon.hasPassed()).isTrue();
    }
}
