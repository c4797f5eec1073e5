package heddle.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A connection that waits costs memory, not threads. */
class IdleCostTest {

    private static final int CONNECTIONS = 15_000;
    private static final int PLATFORM_THREADS_MAX = 19;

    @Test
    @Timeout(180)
    void idleConnectionsUseAHandfulOfPlatformThreads() throws Exception {
        IdleCost.Cost cost = IdleCost.measure("carriers", CONNECTIONS);
        System.out.println(CONNECTIONS + " idle connections: " + cost);
        assertThat(cost.platformThreads()).isLessThanOrEqualTo(PLATFORM_THREADS_MAX);
        assertThat(cost.heapBytesEach()).isPositive();
    }
}
