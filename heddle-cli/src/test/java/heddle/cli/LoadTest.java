package heddle.cli;

import static heddle.cli.Ran.heddle;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.Client;
import heddle.gateway.ClientOptions;
import heddle.gateway.Counters;
import heddle.gateway.Gateway;
import heddle.gateway.GatewayOptions;
import heddle.gateway.Receipt;
import heddle.gateway.Result;
import heddle.gateway.Sequence;
import heddle.gateway.Sink;
import heddle.net.Net;
import heddle.net.TcpAddr;
import heddle.testing.Task;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code submit} as a maker of load, at a server of which the test is the sink. */
@Timeout(60)
class LoadTest {

    /** Settles each message at once, as the test says; the first only when that is released. */
    private static final class TestSink implements Sink {
        final Queue<String> messages = new ConcurrentLinkedQueue<>();
        final Set<String> names = new ConcurrentSkipListSet<>();
        final CountDownLatch held = new CountDownLatch(1);
        final CountDownLatch release;
        private final List<Integer> results;

        TestSink(boolean holds, Integer... results) {
            this.release = new CountDownLatch(holds ? 1 : 0);
            this.results = List.of(results);
        }

        @Override
        public int offer(Receipt receipt, long id, byte[] buffer, int offset, int length) throws InterruptedException {
            held.countDown();
            release.await();
            String message = new String(buffer, offset, length, StandardCharsets.US_ASCII);
            messages.add(message);
            names.add(receipt.name());
            int number = Integer.parseInt(message.replace(".", ""));
            receipt.settled(id, results.get(number % results.size()));
            receipt.flush();
            return Result.SUCCESS;
        }

        @Override
        public int resume(Sequence sequence, long id) {
            throw new AssertionError("nobody sends once here");
        }

        @Override
        public int offerOnce(Sequence sequence, long number, byte[] buffer, int offset, int length) {
            throw new AssertionError("nobody sends once here");
        }

        @Override
        public void end(Sequence sequence) {
            throw new AssertionError("nobody sends once here");
        }

        @Override
        public void close() {}
    }

    private static Ran submit(TestSink sink, String... arguments) throws Exception {
        return submit(sink, () -> {}, arguments);
    }

    /** Runs the command, and {@code meanwhile} beside it. */
    private static Ran submit(TestSink sink, Task.Action meanwhile, String... arguments) throws Exception {
        return withServer(sink, address -> {
            Task<Void> beside = Task.run(meanwhile);
            String[] command = new String[arguments.length + 3];
            command[0] = "submit";
            command[1] = "--to";
            command[2] = address;
            System.arraycopy(arguments, 0, command, 3, arguments.length);
            try {
                return heddle(command);
            } finally {
                beside.result();
            }
        });
    }

    private interface Use<T> {
        T of(String address) throws Exception;
    }

    private static <T> T withServer(TestSink sink, Use<T> use) throws Exception {
        try (var listener = Net.listen("tcp", "127.0.0.1:0")) {
            var gateway = new Gateway(listener, sink, new GatewayOptions(), new Counters());
            Task<Void> serving = Task.run(gateway::serve);
            try {
                return use.of("127.0.0.1:" + ((TcpAddr) listener.address()).port());
            } finally {
                gateway.stop(Duration.ofSeconds(5));
                serving.result();
            }
        }
    }

    @Test
    void eachConnectionHasItsShareOfTheMessagesAndANameOfItsOwn() throws Exception {
        var sink = new TestSink(false, Result.SUCCESS);
        var ran = submit(sink, "--count=1000", "--connections=3", "--window=5", "--size=6", "--name=n");
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.out())
                .startsWith("1000 messages, 1000 acknowledged in ")
                .contains("ack latency p50 ", "p90 ", "p99 ", "p99.9 ", "max ", "this client's own processor time ")
                .doesNotContain("was to be sent");
        assertThat(sink.messages)
                .containsExactlyInAnyOrderElementsOf(IntStream.range(0, 1000)
                        .mapToObj(i -> (i + "......").substring(0, 6))
                        .toList());
        assertThat(sink.names).containsExactly("n-1", "n-2", "n-3");
    }

    /** What is not kept is counted by its result. */
    @Test
    void resultsAreCountedByKind() throws Exception {
        var sink = new TestSink(false, Result.SUCCESS, Result.OVERLOADED, Result.NOT_STORED, Result.NOT_STORED);
        var ran = submit(sink, "--count=400", "--connections=2", "--json");
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.out())
                .startsWith("{\"sent\":400,\"acknowledged\":100,\"unknown\":0,\"not_taken\":0,"
                        + "\"results\":{\"3\":100,\"5\":200},\"unsent\":0,\"seconds\":")
                .contains("\"latency_from\":\"sending\",\"latency_ms\":{\"p50\":")
                .endsWith("}" + System.lineSeparator());
        assertThat(ran.err())
                .contains("100 not acknowledged: overloaded, try again later")
                .contains("200 not acknowledged: not stored, try again later");
    }

    /** The server stands still with a message for a moment; no other is in flight, though many are due. */
    @Test
    void withARateLatenciesCountFromWhenAMessageWasToBeSent() throws Exception {
        var sink = new TestSink(true, Result.SUCCESS);
        var ran = submit(sink, () -> release(sink, 400), "--count=20", "--rate=1000", "--window=1", "--json");
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.out()).contains("\"latency_from\":\"due\"");
        double p50 = Double.parseDouble(ran.out().replaceAll("(?s).*\"p50\":([0-9.]+).*", "$1"));
        assertThat(p50).as("milliseconds, of a pause of 400").isGreaterThan(200);
    }

    @Test
    void whatIsNotSentASecondAfterTheEndIsReported() throws Exception {
        var sink = new TestSink(true, Result.SUCCESS);
        var ran = submit(sink, () -> release(sink, 1300), "--duration=100ms", "--rate=1000", "--window=1");
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.out()).startsWith("2 messages, 2 acknowledged");
        assertThat(ran.err())
                .contains("heddle submit: 98 not sent in time: --window was full, or this client too slow");
    }

    private static void release(TestSink sink, int afterMillis) throws InterruptedException {
        sink.held.await();
        // Real time: it is what is measured.
        Thread.sleep(afterMillis);
        sink.release.countDown();
    }

    @Test
    void whoWaitsForATimeAloneSendsUntilThen() throws Exception {
        var sink = new TestSink(false, Result.SUCCESS);
        var ran = submit(sink, "--duration=200ms", "--window=4", "--connections=2");
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(sink.messages).isNotEmpty();
        assertThat(ran.out()).startsWith(sink.messages.size() + " messages, " + sink.messages.size() + " acknowledged");
    }

    /** Here a message that does not fit into a frame, which the command would not have begun to send. */
    @Test
    void aFaultOfTheProgramInAConnectionEndsTheLoad() throws Exception {
        var plan = new Load.Plan(2, 1000, Long.MAX_VALUE, 0, 200);
        var options = new ClientOptions().frameBytesMax(100);
        var failure = withServer(new TestSink(false, Result.SUCCESS), address -> {
            var load = new Load(
                    plan, new Tally(), false, note -> {}, (index, delivery) -> new Client(address, options, delivery));
            load.run();
            return load.failure();
        });
        assertThat(failure)
                .hasMessage("sending has ended: java.lang.IllegalArgumentException:"
                        + " message of 200 bytes, the largest is 87");
    }

    @Test
    void thePlanCountsWhatIsDue() {
        for (double rate : new double[] {0.3, 1, 3, 7, 999.9, 1000, 20_000, 333_333}) {
            for (long millis : new long[] {1, 10, 999, 1000, 1001}) {
                var plan = new Load.Plan(1, Long.MAX_VALUE, millis * 1_000_000, rate, 1);
                long due = plan.due();
                assertThat(plan.dueNanos(due)).isGreaterThanOrEqualTo(plan.durationNanos());
                assertThat(plan.dueNanos(due - 1)).isLessThan(plan.durationNanos());
            }
        }
        assertThat(new Load.Plan(1, 5, Long.MAX_VALUE, 10, 1).due()).isEqualTo(5);
        assertThat(new Load.Plan(1, 5, 100_000_000, 10, 1).due()).isEqualTo(1);
    }

    @Test
    void aMessageIsItsNumberAndPoints() {
        LongStream.of(0, 9, 10, 12_345, Long.MAX_VALUE).forEach(number -> {
            for (int size : new int[] {0, 1, 3, 25}) {
                byte[] message = new byte[size];
                Load.write(number, message);
                String digits = Long.toString(number);
                int kept = Math.min(digits.length(), size);
                String want = size <= digits.length()
                        ? digits.substring(digits.length() - kept)
                        : digits + ".".repeat(size - kept);
                assertThat(new String(message, StandardCharsets.US_ASCII)).isEqualTo(want);
            }
        });
    }
}
