package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.fd.Result;
import heddle.internal.socket.Errno;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which failures pass by themselves. */
class RetryableTest {

    @ParameterizedTest
    @ValueSource(ints = {Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM, Errno.ENOBUFS})
    void lackOfAResourcePassesWhateverTheCall(int errno) {
        assertThat(isRetryable("accept", -errno)).isTrue();
        assertThat(isRetryable("dial", -errno)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                Errno.ECONNABORTED,
                Errno.ECONNRESET,
                Errno.EPERM,
                Errno.ENETDOWN,
                Errno.EPROTO,
                Errno.EHOSTDOWN,
                Errno.ENONET,
                Errno.EHOSTUNREACH,
                Errno.ENETUNREACH
            })
    void brokenConnectionIsNoFailureOfTheListener(int errno) {
        assertThat(isRetryable("accept", -errno)).isTrue();
        assertThat(isRetryable("dial", -errno)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            ints = {-Errno.EBADF, -Errno.EINVAL, -Errno.ENOTSOCK, Result.CLOSED, Result.EXPIRED, Result.INTERRUPTED})
    void othersDoNot(int result) {
        assertThat(isRetryable("accept", result)).isFalse();
    }

    private static boolean isRetryable(String op, int result) {
        IOException failure = Failures.of(op, "tcp", null, null, "call", result, 0);
        return ((NetError) failure).isRetryable();
    }
}
