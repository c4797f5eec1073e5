package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Await;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What {@link Heddle#dump} says about threads that wait. */
@Ways
class DumpTest {

    private static final byte[] MORE_THAN_FITS = new byte[8 << 20];

    /** {@code 12 ms} or {@code 3.4 s}: what a test lasts. */
    private static final Pattern MILLIS_OR_SECONDS = Pattern.compile("(\\d+) ms|(\\d+)\\.(\\d) s");

    /** The line about {@code thread} in {@code dump}, without what names it; empty if there is none. */
    private static String lineOf(Thread thread, String dump) {
        Matcher line = Pattern.compile("^#" + thread.threadId() + " \".*?\" (.*)$", Pattern.MULTILINE)
                .matcher(dump);
        return line.find() ? line.group(1) : "";
    }

    private static String awaitLine(Thread thread, String start) throws Exception {
        Await.until(
                () -> thread + " with \"" + start + "\" in\n"
                        + Runtimes.current().dump(),
                () -> lineOf(thread, Runtimes.current().dump()).startsWith(start));
        return lineOf(thread, Runtimes.current().dump());
    }

    private static Duration duration(String text) {
        Matcher parts = MILLIS_OR_SECONDS.matcher(text);
        assertThat(parts.matches()).as(text).isTrue();
        return parts.group(1) != null
                ? Duration.ofMillis(Long.parseLong(parts.group(1)))
                : Duration.ofSeconds(Long.parseLong(parts.group(2))).plusMillis(100 * Long.parseLong(parts.group(3)));
    }

    @Test
    void aReaderIsListedWithItsConnectionAndHowLongItWaits() throws Exception {
        long beganNanos = System.nanoTime();
        try (var pair = ConnPair.tcp()) {
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            String start = "IO wait, read " + pair.left() + ", ";
            String shown = lineOf(reader.thread(), Runtimes.current().dump());
            assertThat(shown).startsWith(start);
            Duration first = duration(shown.substring(start.length()));
            Await.until(
                    "a longer wait",
                    () -> duration(lineOf(reader.thread(), Runtimes.current().dump())
                                            .substring(start.length()))
                                    .compareTo(first)
                            > 0);
            // Not since some earlier wait: a stale clock would show.
            Duration whole = Duration.ofNanos(System.nanoTime() - beganNanos);
            assertThat(first).isLessThan(whole.plusSeconds(10));
            pair.right().write(new byte[1], 0, 1);
            assertThat(reader.result()).isEqualTo(1);
            assertThat(lineOf(reader.thread(), Runtimes.current().dump())).doesNotContain("IO wait");
        }
    }

    @Test
    void theFrameThatCalledIsShown() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Void> reader = Task.run(() -> pair.left().read(new byte[1]));
            awaitLine(reader.thread(), "IO wait");
            assertThat(Runtimes.current().dump())
                    .containsPattern("(?m)^#" + reader.thread().threadId() + " .*\n    at heddle.testing.Task");
            pair.right().close();
            reader.result();
        }
    }

    @Test
    void aDeadlineIsShown() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.left().setReadDeadline(Deadline.after(Duration.ofDays(2)));
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
            assertThat(awaitLine(reader.thread(), "IO wait")).containsPattern(", deadline in 1 d 23 h$");
            pair.right().close();
            reader.result();
        }
    }

    @Test
    void aWriterAndOneThatQueuesBehindItAreTwoReasons() throws Exception {
        try (var pair = ConnPair.tcpWithBuffers(4096)) {
            Task.Action write = () -> pair.left().write(MORE_THAN_FITS, 0, MORE_THAN_FITS.length);
            Task<Void> first = Task.run(write);
            Parked.awaitWriter(pair.left());
            Task<Void> second = Task.run(write);
            Parked.awaitQueuedWriters(pair.left(), 1);
            awaitLine(first.thread(), "IO wait, write " + pair.left() + ", ");
            awaitLine(second.thread(), "lock wait, write " + pair.left() + ", ");
            String dump = Runtimes.current().dump();
            assertThat(dump.indexOf("\nIO wait: ")).isLessThan(dump.indexOf("\nlock wait: 1 thread\n"));
            pair.left().close();
            first.failure(ConnClosedException.class);
            second.failure(ConnClosedException.class);
            assertThat(Runtimes.current().dump()).doesNotContain("lock wait");
        }
    }

    @Test
    void anAcceptorIsListedWithItsAddress() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            Task<Conn> acceptor = Task.start(listener::accept);
            awaitLine(acceptor.thread(), "IO wait, accept tcp " + listener.address() + ", ");
            try (Conn dialed = Runtimes.dial("tcp", listener.address().toString());
                    Conn accepted = acceptor.result()) {
                assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
            }
        }
    }

    @Test
    void aPlatformThreadIsListedAsOne() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Integer> reader =
                    Task.on(Thread.ofPlatform(), () -> pair.left().read(new byte[1]));
            awaitLine(reader.thread(), "(platform thread) IO wait, read tcp ");
            pair.right().close();
            reader.result();
        }
    }

    @Test
    void otherVirtualThreadsAreListedWithTheirStateAndPlace() throws Exception {
        CountDownLatch latch = new CountDownLatch(1);
        Task<Void> other = Task.run(latch::await);
        awaitLine(other.thread(), "WAITING");
        assertThat(Runtimes.current().dump())
                .containsPattern("(?m)^#" + other.thread().threadId() + " .*\n    at .*heddle\\.testing\\.Task");
        latch.countDown();
        other.result();
    }

    /** The JDK's own dump of all threads crashes the JVM now and then in this, so ours is made without it. */
    @Test
    @Tag("thorough")
    void dumpsDoNotDisturbThreadsThatComeAndGo() throws Exception {
        AtomicBoolean enough = new AtomicBoolean();
        List<Task<Long>> busy = new ArrayList<>();
        try (var pair = ConnPair.tcp()) {
            busy.add(Task.start(() -> echoes(pair.left(), pair.right(), enough)));
            busy.add(Task.start(() -> echoes(pair.right(), pair.left(), enough)));
            for (int i = 0; i < 4; i++) {
                busy.add(Task.start(() -> threadsThatParkOnce(enough)));
            }
            for (int i = 0; i < 200; i++) {
                assertThat(Runtimes.current().dump()).containsPattern("\nother virtual threads: \\d+ thread");
            }
            enough.set(true);
            long rounds = 0; // The JDK's scheduler may let some of them wait all the while.
            for (Task<Long> one : busy) {
                rounds += one.result();
            }
            assertThat(rounds).isPositive();
        }
    }

    /** Sends a byte and receives one, until {@code enough}. How often. */
    private static long echoes(Conn out, Conn in, AtomicBoolean enough) throws IOException {
        byte[] one = new byte[1];
        for (long count = 0; ; count++) {
            out.write(one);
            if (enough.get()) { // The other end has this byte to read still.
                return count;
            }
            assertThat(in.read(one)).isEqualTo(1);
        }
    }

    private static long threadsThatParkOnce(AtomicBoolean enough) throws InterruptedException {
        long count = 0;
        while (!enough.get()) {
            Thread.ofVirtual().start(() -> LockSupport.parkNanos(1_000)).join();
            count++;
        }
        return count;
    }

    @Test
    void whoRunsIsNamedAtItsProcessor() throws Exception {
        String dump = Runtimes.current().dump();
        assertThat(dump).startsWith("Heddle: " + Runtimes.current().describe() + "\n");
        if (Runtimes.current().describe().contains("carriers of its own")) {
            assertThat(dump)
                    .containsPattern(
                            // Without, if the dump was slow enough to lose it.
                            "(?m)^(processor \\d+: runs a task for .* queued, .*,"
                                    + " heddle-carrier-\\d+|heddle-carrier-\\d+: runs a task without a"
                                    + " processor for .*), #"
                                    + Thread.currentThread().threadId()
                                    + " ");
        }
    }
}
