package heddle.internal.sys.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import heddle.internal.socket.Errno;
import heddle.internal.sys.StartException;
import org.junit.jupiter.api.Test;

/** What the kernel says through a ring, and why there is none. */
class RingTest {

    private static Ring ring(int submissions, int completions) {
        try {
            return new Ring(submissions, completions, 4, 4096, 4096);
        } catch (StartException refused) {
            return abort(Ring.reason(refused));
        }
    }

    /** What the kernel keeps for want of room comes later: nothing is lost. */
    @Test
    void completionsThatDoNotFitComeLater() {
        Ring ring = ring(8, 8);
        try {
            int asked = 40;
            for (int i = 0; i < asked; i++) {
                if (ring.room() == 0) {
                    assertThat(ring.enter(0)).isNotNegative();
                }
                ring.cancelRequest(-1, i);
            }
            int seen = 0;
            while (seen < asked) {
                assertThat(ring.mustEnter() || ring.hasNext()).isTrue();
                assertThat(ring.enter(0)).isNotNegative();
                while (ring.next()) {
                    assertThat(ring.userData()).isEqualTo(seen++);
                    assertThat(ring.result()).isEqualTo(-Errno.ENOENT);
                }
                ring.release();
            }
            assertThat(ring.mustEnter()).isFalse();
        } finally {
            ring.close(true);
        }
    }

    @Test
    void waitEndsWithItsTime() {
        Ring ring = ring(8, 8);
        try {
            long before = System.nanoTime();
            assertThat(ring.enter(2_000_000)).isZero();
            assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(2_000_000);
            assertThat(ring.hasNext()).isFalse();
        } finally {
            ring.close(true);
        }
    }

    @Test
    void reasonSaysWhatWouldHelp() {
        assertThat(reason(Errno.ENOSYS)).isEqualTo("io_uring_setup: this system has no io_uring");
        assertThat(reason(Errno.EPERM)).startsWith("io_uring_setup: ").containsAnyOf("seccomp", "sysctl");
        assertThat(reason(Errno.ENOMEM)).endsWith("memory that may be locked is short (ulimit -l)");
        assertThat(reason(Errno.EINVAL)).endsWith("this kernel is too old: Linux 6.0 has all that is needed");
        assertThat(reason(Errno.EMFILE)).endsWith("too many open files");
    }

    private static String reason(int errno) {
        var refused = new StartException("io_uring_setup", errno);
        assertThat(Ring.isOf(refused)).isTrue();
        return Ring.reason(refused);
    }
}
