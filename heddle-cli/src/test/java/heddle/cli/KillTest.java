package heddle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.Client;
import heddle.gateway.ClientOptions;
import heddle.gateway.Outcome;
import heddle.gateway.Result;
import heddle.gateway.StoreReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** kill -9 in the middle of a run, again and again, on one data folder: what was acknowledged is there. */
@Tag("thorough")
@Timeout(300)
class KillTest {
    private static final int ROUNDS = 20;
    private static final int MESSAGES_MAX = 1 << 22;

    @TempDir
    private Path folder;

    private final BitSet[] acknowledged = new BitSet[ROUNDS];

    @Test
    void whatWasAcknowledgedSurvivesTwentyKills() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var data = folder.resolve("data");
        int cutOff = 0;
        for (int round = 0; round < ROUNDS; round++) {
            cutOff += submitUntilKilled(data, round, 1 + random.nextInt(5000));
            expectAllThere(data, round, seed);
        }
        assertThat(cutOff).as("messages whose ack the kill cut off").isPositive();
        // And once more behind a server that has recovered the folder and closed it in order.
        try (var server = ServeProcess.start(data)) {
            assertThat(server.terminate()).isZero();
        }
        expectAllThere(data, ROUNDS - 1, seed);
    }

    /** Kills after so many acks. How many messages were in flight then. */
    private int submitUntilKilled(Path data, int round, int acks) throws Exception {
        var heard = new BitSet();
        var enough = new CountDownLatch(acks);
        var unknown = new AtomicInteger();
        acknowledged[round] = heard;
        Outcome outcome = (number, result, latencyNanos) -> {
            if (result == Result.SUCCESS) {
                heard.set((int) number);
                enough.countDown();
            } else {
                unknown.incrementAndGet();
            }
        };
        try (var server = ServeProcess.start(data);
                var client = new Client(server.address, new ClientOptions(), outcome)) {
            client.connect();
            var submitted = new FutureTask<>(() -> {
                try {
                    for (int i = 0; i < MESSAGES_MAX && unknown.get() == 0; i++) {
                        byte[] message = (round + ":" + i).getBytes(StandardCharsets.US_ASCII);
                        client.submit(message, 0, message.length);
                    }
                } catch (IOException gone) {
                    // as it must be some time
                }
                return null;
            });
            Thread.ofPlatform().start(submitted);
            enough.await();
            server.kill();
            submitted.get();
        }
        return unknown.get();
    }

    private void expectAllThere(Path data, int lastRound, long seed) throws IOException {
        var missing = new BitSet[lastRound + 1];
        for (int round = 0; round <= lastRound; round++) {
            missing[round] = (BitSet) acknowledged[round].clone();
        }
        try (var reader = new StoreReader(data)) {
            for (var some = reader.next(); !some.isEmpty(); some = reader.next()) {
                for (var message : some) {
                    String text = new String(message.payload(), StandardCharsets.US_ASCII);
                    int colon = text.indexOf(':');
                    missing[Integer.parseInt(text, 0, colon, 10)].clear(
                            Integer.parseInt(text, colon + 1, text.length(), 10));
                }
            }
        }
        for (int round = 0; round <= lastRound; round++) {
            assertThat(missing[round].cardinality())
                    .as("acknowledged in round %d and missing, seed %d", round, seed)
                    .isZero();
        }
    }
}
