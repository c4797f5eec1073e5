package heddle.gateway;

import static heddle.gateway.RawClient.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.log.Disk;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link StoreSinkTest} does not show from outside. */
class LogStoreTest {

    @TempDir
    private Path folder;

    private LogStore open(SyncMode mode) throws Exception {
        return LogStore.open(folder, new StoreOptions().sync(mode), new Disk());
    }

    @Test
    void theHighestNumberComesAndGoesWithItsMessages() throws Exception {
        var receipt = new OnceReceipt() {
            @Override
            public String name() {
                return "a";
            }

            @Override
            public void resumed(long id, int result, long highest) {}

            @Override
            public void settled(long id, int result) {}

            @Override
            public void flush() {}
        };
        var sequence = new Sequence("a", receipt);
        // Unsigned: near the end.
        var message = new SinkQueue.Message(receipt, -2, utf8("m"), sequence);
        try (var store = open(SyncMode.ALWAYS)) {
            assertThat(store.highest("a")).isZero();
            store.commit(List.of(message), 1);
            assertThat(store.highest("a")).isEqualTo(-2);
            assertThat(store.highest("b")).isZero();
        }
        try (var store = open(SyncMode.INTERVAL)) {
            assertThat(store.highest("a")).isEqualTo(-2);
        }
    }
}
