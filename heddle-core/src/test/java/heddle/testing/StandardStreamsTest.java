package heddle.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * {@link Leaks} sees that a test closed a standard stream. In a JVM of its own: surefire's commands come through ours.
 */
@Tag("thorough")
class StandardStreamsTest {

    @Test
    void closedStandardInputFailsItsClass() throws Exception {
        assertThat(ForkedJvm.start(ClosesStandardInput.class, List.of()).output())
                .contains("descriptors 0, 1, 2 were [pipe:")
                .contains("and are [/dev/null, pipe:");
    }

    static class ClosesStandardInput {
        @Test
        void closesIt() throws IOException {
            System.in.close();
        }

        public static void main(String[] args) {
            System.out.println(LeaksTest.failureOf(ClosesStandardInput.class));
        }
    }
}
