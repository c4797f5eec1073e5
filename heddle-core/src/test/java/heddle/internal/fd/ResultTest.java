package heddle.internal.fd;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.socket.Errno;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResultTest {

    @ParameterizedTest
    @ValueSource(ints = {0, -Errno.EPERM, -Errno.ECONNRESET, -4095, Result.CLOSED, Result.EXPIRED, Result.INTERRUPTED})
    void writeResultHoldsCountAndFailure(int failure) {
        for (long bytes : new long[] {0, 1, 24_108, 1L << 31, (1L << 48) - 1}) {
            long result = Result.ofWrite(bytes, failure);
            assertThat(result).isNotNegative();
            assertThat(Result.bytes(result)).isEqualTo(bytes);
            assertThat(Result.failure(result)).isEqualTo(failure);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Result.END_OF_STREAM, Result.CLOSED, Result.EXPIRED, Result.INTERRUPTED})
    void constantsAreNoErrno(int constant) {
        assertThat(constant).isLessThanOrEqualTo(-Result.ERRNO_MAX);
    }
}
