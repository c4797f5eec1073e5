package heddle.gateway;

import static heddle.gateway.RawClient.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link SqliteSinkTest} does not show from outside. */
class SqliteStoreTest {

    @TempDir
    private Path folder;

    private final Settlements settlements = new Settlements();

    /** Where a frame in doubt would be: behind the last that counts. */
    @Test
    void settlingADoubtWritesIntoTheLog() throws Exception {
        try (var store = SqliteStore.open(folder, SyncMode.ALWAYS, Long.MAX_VALUE)) {
            Path wal = folder.resolve("messages.db-wal");
            long before = Files.size(wal);
            store.settleDoubt();
            assertThat(Files.size(wal)).isGreaterThan(before);
        }
        SqliteStore.open(folder, SyncMode.ALWAYS, Long.MAX_VALUE).close();
    }

    @Test
    void theHighestNumberComesAndGoesWithItsMessages() throws Exception {
        var receipt = new OnceReceipt() {
            @Override
            public void resumed(long id, int result, long highest) {}

            @Override
            public void settled(long id, int result) {
                settlements.settled(id, result);
            }

            @Override
            public void flush() {}
        };
        var sequence = new Sequence("a", receipt);
        sequence.resumed(-3); // unsigned: near the end
        sequence.advance();
        var message = new SinkQueue.Message(receipt, sequence.reached(), utf8("m"), sequence);
        try (var store = SqliteStore.open(folder, SyncMode.ALWAYS, Long.MAX_VALUE)) {
            assertThat(store.highest("a")).isZero();
            store.commit(List.of(message), List.of(sequence), 1);
            assertThat(store.highest("a")).isEqualTo(-2);
            assertThat(store.highest("b")).isZero();
        }
        try (var store = SqliteStore.open(folder, SyncMode.INTERVAL, Long.MAX_VALUE)) {
            assertThat(store.highest("a")).isEqualTo(-2);
        }
    }
}
