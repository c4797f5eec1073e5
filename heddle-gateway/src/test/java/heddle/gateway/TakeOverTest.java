package heddle.gateway;

import static heddle.gateway.RawClient.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.gateway.log.Disk;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Folders that the last program with SQLite has left, at revision 80da500. Its gateway got, from its own client: once,
 * 120 messages "alpha 1" and on of the client alpha, 60 of beta, 20 of näme; then plain, 100 of the client plain, an
 * empty one, and one of 5,000 bytes that count up. The folder {@code killed} was copied while it ran: all is in the
 * write-ahead log. {@code closed} is the same after its end.
 */
@Timeout(60)
class TakeOverTest {

    @TempDir
    private Path folder;

    private static final StoreOptions OPTIONS = new StoreOptions().segmentBytes(64 << 10);

    private void unpack(String fixture) throws IOException {
        for (String name : List.of("messages.db", "messages.db-wal")) {
            try (var in = getClass().getResourceAsStream(fixture + "/" + name)) {
                if (in != null) {
                    Files.copy(in, folder.resolve(name));
                }
            }
        }
    }

    private static List<byte[]> sent() {
        List<byte[]> all = new ArrayList<>();
        addNumbered(all, "alpha", 120);
        addNumbered(all, "beta", 60);
        addNumbered(all, "n\u00e4me", 20);
        addNumbered(all, "plain", 100);
        all.add(new byte[0]);
        byte[] large = new byte[5000];
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) i;
        }
        all.add(large);
        return all;
    }

    private static void addNumbered(List<byte[]> all, String client, int count) {
        for (int i = 1; i <= count; i++) {
            all.add(utf8(client + " " + i));
        }
    }

    private void expectAll() throws IOException {
        assertThat(Stored.in(folder)).containsExactlyElementsOf(sent());
    }

    private LogStore open(Disk disk) throws IOException {
        return LogStore.open(folder, OPTIONS, disk);
    }

    @ParameterizedTest
    @ValueSource(strings = {"closed", "killed"})
    void numbersTimesAndTheHighestOfEachClientAreKept(String fixture) throws Exception {
        unpack(fixture);
        expectAll();
        List<StoredMessage> before = new ArrayList<>();
        try (var reader = new StoreReader(folder)) {
            before.addAll(reader.next());
        }
        var log = new GatewayLog();
        try (log;
                var store = open(new Disk())) {
            assertThat(store.highest("alpha")).isEqualTo(120);
            assertThat(store.highest("beta")).isEqualTo(60);
            assertThat(store.highest("n\u00e4me")).isEqualTo(20);
            assertThat(store.highest("plain")).isZero();
        }
        assertThat(log.lines())
                .containsExactly(
                        "data folder " + folder + ": takes messages.db over, up to message 302",
                        "data folder " + folder
                                + ": messages.db is taken over; messages.db.taken-over is not needed any more");
        expectAll();
        try (var reader = new StoreReader(folder)) {
            var after = reader.next();
            for (int i = 0; i < after.size(); i++) {
                assertThat(after.get(i).number()).isEqualTo(i + 1);
                assertThat(after.get(i).stored()).isEqualTo(before.get(i).stored());
            }
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(Path::getFileName).map(Path::toString))
                    .containsExactlyInAnyOrder("log", "messages.db.taken-over");
        }
        // The names survive in the log alone.
        try (var store = open(new Disk())) {
            assertThat(store.highest("beta")).isEqualTo(60);
        }
    }

    /** Each step of it on the disk is the last before a kill, in turn. */
    @Test
    @Tag("thorough")
    void killedAnywhereItIsDoneByTheNextStart() throws Exception {
        for (int steps = 1; ; steps++) {
            clear();
            unpack("killed");
            boolean done = false;
            try (var _ = open(new Dying(steps))) {
                done = true;
            } catch (IOException killed) {
                assertThat(killed).hasMessageContaining("killed");
            }
            open(new Disk()).close();
            expectAll();
            assertThat(folder.resolve("messages.db")).doesNotExist();
            assertThat(folder.resolve("log.new")).doesNotExist();
            assertThat(folder.resolve("log/taking-over")).doesNotExist();
            if (done) {
                assertThat(steps).isGreaterThan(10);
                return;
            }
        }
    }

    private void clear() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                if (!file.equals(folder)) {
                    Files.delete(file);
                }
            }
        }
    }

    /** Does so many steps. */
    private static final class Dying extends Disk {
        private int left;

        Dying(int steps) {
            left = steps;
        }

        private synchronized void step() throws IOException {
            if (left == 0) {
                throw new IOException("killed");
            }
            left--;
        }

        @Override
        public FileChannel open(Path file) throws IOException {
            step();
            return super.open(file);
        }

        @Override
        public FileChannel create(Path file) throws IOException {
            step();
            return super.create(file);
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            step();
            super.rename(from, to);
        }

        @Override
        public void delete(Path file) throws IOException {
            step();
            super.delete(file);
        }

        @Override
        public void syncFolder(Path path) throws IOException {
            step();
            super.syncFolder(path);
        }
    }

    @Test
    void whatAnOlderProgramWroteBesideTheLogIsLeftAlone() throws Exception {
        open(new Disk()).close();
        unpack("closed");
        assertThatThrownBy(() -> open(new Disk()))
                .hasMessageStartingWith("data folder " + folder + ": beside the log is a messages.db");
        assertThat(folder.resolve("messages.db")).exists();
    }

    @Test
    void aReaderOfTheDatabaseGoesOnInTheLog() throws Exception {
        unpack("killed");
        try (var reader = new StoreReader(folder)) {
            assertThat(Stored.after(reader)).hasSize(302);
            try (var store = open(new Disk())) {
                store.commit(List.of(new SinkQueue.Message(new Settlements(), 1, utf8("new"), null)), 1);
                assertThat(Stored.after(reader)).containsExactly(utf8("new"));
            }
        }
    }
}
