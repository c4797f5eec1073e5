package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How many connections wait for an accept. */
@Timeout(60)
class BacklogTest {

    /**
     * The first version read "4" of the system's 4096: sysctl files answer the first read only, and a reader that
     * begins with one byte gets one byte. Servers then dropped every fifth of the connections that came at once.
     */
    @Test
    void defaultIsTheSystemsMaximum() throws Exception {
        List<Conn> waiting = new ArrayList<>();
        try (Listener listener = Net.listen("tcp4", "127.0.0.1:0")) {
            for (int i = 0; i < 100; i++) {
                waiting.add(Net.dial("tcp", listener.address().toString()));
            }
            assertThat(waiting).hasSize(100);
        } finally {
            for (Conn conn : waiting) {
                conn.close();
            }
        }
    }
}
