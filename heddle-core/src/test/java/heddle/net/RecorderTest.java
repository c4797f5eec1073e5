package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import heddle.testing.Await;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The flight recorder's events, each in a recording. */
@Ways
class RecorderTest {

    /** Long against the recorder's clock. */
    private static final Duration SHORT = Duration.ofMillis(20);

    @TempDir
    private Path folder;

    /** What a recording of {@code event} alone, without a threshold, has of it after {@code action}. */
    private List<RecordedEvent> record(String event, Task.Action action) throws Exception {
        Path file = folder.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            recording.enable(event).withoutThreshold();
            recording.start();
            action.run();
            recording.stop();
            recording.dump(file);
        }
        return heddleEvents(file);
    }

    private static List<RecordedEvent> heddleEvents(Path file) throws IOException {
        return RecordingFile.readAllEvents(file).stream()
                .filter(one -> one.getEventType().getName().startsWith("heddle."))
                // A file has them by thread, not in their order.
                .sorted(Comparator.comparing(RecordedEvent::getStartTime))
                .toList();
    }

    @Test
    void aWaitIsRecordedWithItsSocketAndLatency() throws Exception {
        try (var pair = ConnPair.tcp()) {
            long beganNanos = System.nanoTime();
            List<RecordedEvent> events = record("heddle.Park", () -> {
                Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
                Parked.awaitReader(pair.left());
                pair.right().write(new byte[1], 0, 1);
                reader.result();
            });
            long wholeNanos = System.nanoTime() - beganNanos;
            assertThat(events).singleElement().satisfies(park -> {
                assertThat(park.getEventType().getName()).isEqualTo("heddle.Park");
                assertThat(park.getString("op")).isEqualTo("read");
                assertThat(park.getString("socket")).isEqualTo(pair.left().toString());
                assertThat(park.getString("outcome")).isEqualTo("READY");
                assertThat(park.getDuration("latency").toNanos())
                        .isPositive()
                        .isLessThanOrEqualTo(park.getDuration().toNanos());
                assertThat(park.getDuration().toNanos()).isLessThan(wholeNanos);
                assertThat(park.getBoolean("beganBefore")).isFalse();
            });
        }
    }

    @Test
    void aWaitThatCloseEndsIsRecordedAsSuch() throws Exception {
        List<RecordedEvent> events = record("heddle.Park", () -> {
            Task<Conn> acceptor;
            try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
                acceptor = Task.start(listener::accept);
                Parked.awaitAcceptor(listener);
            }
            acceptor.failure(ConnClosedException.class);
        });
        assertThat(events).singleElement().satisfies(park -> {
            assertThat(park.getString("op")).isEqualTo("accept");
            assertThat(park.getString("socket")).startsWith("tcp 127.0.0.1:");
            assertThat(park.getString("outcome")).isEqualTo("CLOSED");
            assertThat(park.getDuration("latency").toNanos()).isZero();
        });
    }

    @Test
    void anAcceptIsRecordedWithBothAddresses() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            List<RecordedEvent> events = record("heddle.Accept", () -> {
                try (Conn dialed = Runtimes.dial("tcp", listener.address().toString());
                        Conn accepted = listener.accept()) {
                    assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
                }
            });
            assertThat(events).singleElement().satisfies(accept -> {
                assertThat(accept.getString("listener"))
                        .isEqualTo(listener.address().toString());
                assertThat(accept.getString("peer")).startsWith("127.0.0.1:");
            });
        }
    }

    @Test
    void connectsAreRecordedWithTheirFailure() throws Exception {
        String[] free = new String[1];
        List<RecordedEvent> events = record("heddle.Connect", () -> {
            try (var pair = ConnPair.tcp()) {
                free[0] = pair.left().remoteAddress().toString();
            }
            Task.start(() -> Runtimes.dial("tcp", free[0])).failure(ConnRefusedException.class);
        });
        assertThat(events).hasSize(2);
        assertThat(events.getFirst().getString("socket")).endsWith("->" + free[0]);
        assertThat(events.getFirst().getString("failure")).isEmpty();
        assertThat(events.getLast().getString("socket")).isEqualTo(free[0]);
        assertThat(events.getLast().getString("failure")).contains("connection refused");
    }

    @Test
    void pollsWithEventsAreRecorded() throws Exception {
        try (var pair = ConnPair.tcp()) {
            List<RecordedEvent> events = record("heddle.PollBatch", () -> {
                wakeReader(pair);
                // A poll is recorded after the threads that it woke may run: the
                // next one of the same poller shows that the first is recorded.
                wakeReader(pair);
            });
            assertThat(events)
                    .allSatisfy(poll -> assertThat(poll.getInt("events")).isPositive())
                    .anySatisfy(poll -> assertThat(poll.getInt("woken")).isPositive());
        }
    }

    private static void wakeReader(ConnPair pair) throws Exception {
        Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
        Parked.awaitReader(pair.left());
        pair.right().write(new byte[1], 0, 1);
        reader.result();
    }

    @Test
    void aHandOffIsRecordedWhereThereAreProcessors() throws Exception {
        List<RecordedEvent> events = record("heddle.HandOff", () -> {
            AtomicBoolean stop = new AtomicBoolean();
            Task<Void> loop = Task.run(() -> {
                while (!stop.get()) {
                    Thread.onSpinWait();
                }
            });
            awaitLoopElsewhere(loop.thread());
            stop.set(true);
            loop.result();
        });
        if (Runtimes.current().describe().contains("carriers of its own")) {
            assertThat(events).anySatisfy(handOff -> {
                assertThat(handOff.getInt("processor")).isNotNegative();
                assertThat(handOff.getString("carrier")).startsWith("heddle-carrier-");
                assertThat(handOff.getDuration("held").toMillis()).isPositive();
            });
        } else {
            assertThat(events).isEmpty();
        }
    }

    /** Until a task that computes has lost its processor; elsewhere, until it runs. */
    private static void awaitLoopElsewhere(Thread loop) throws Exception {
        boolean ours = Runtimes.current().describe().contains("carriers of its own");
        Await.until(
                loop + " computes without a processor",
                () -> ours
                        ? Runtimes.current()
                                .dump()
                                .lines()
                                .anyMatch(line -> line.contains("runs a task without a processor")
                                        && line.contains("#" + loop.threadId() + " "))
                        : loop.getState() == Thread.State.RUNNABLE);
    }

    @Test
    void aWaitThatBeganBeforeTheRecordingIsAnEventFromItsStartOn() throws Exception {
        try (var pair = ConnPair.tcp();
                Recording recording = new Recording()) {
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            recording.enable("heddle.Park").withThreshold(SHORT);
            recording.start();
            long beganNanos = System.nanoTime();
            Await.until("long enough", () -> System.nanoTime() - beganNanos > SHORT.toNanos());
            pair.right().write(new byte[1], 0, 1);
            reader.result();
            recording.stop();
            Path file = folder.resolve("recording.jfr");
            recording.dump(file);
            assertThat(heddleEvents(file)).singleElement().satisfies(park -> {
                assertThat(park.getString("op")).isEqualTo("read");
                assertThat(park.getBoolean("beganBefore")).isTrue();
                // Of a clock of its own.
                assertThat(park.getStartTime()).isCloseTo(recording.getStartTime(), within(1, ChronoUnit.SECONDS));
                assertThat(park.getDuration()).isGreaterThanOrEqualTo(SHORT);
                assertThat(park.getDuration())
                        .isLessThan(Duration.between(recording.getStartTime(), recording.getStopTime())
                                .plusSeconds(1));
                assertThat(park.getDuration("latency").toNanos())
                        .isPositive()
                        .isLessThanOrEqualTo(park.getDuration().toNanos());
            });
        }
    }

    @Test
    void eachRecordingHasItsOwnStart() throws Exception {
        // Wanted, and then not.
        assertThat(record("heddle.Park", () -> {})).isEmpty();
        try (var pair = ConnPair.tcp()) {
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            long beganNanos = System.nanoTime();
            List<RecordedEvent> events = record("heddle.Park", () -> {
                pair.right().write(new byte[1], 0, 1);
                reader.result();
            });
            long wholeNanos = System.nanoTime() - beganNanos;
            assertThat(events).singleElement().satisfies(park -> {
                assertThat(park.getBoolean("beganBefore")).isTrue();
                assertThat(park.getDuration().toNanos()).isLessThan(wholeNanos);
            });
        }
    }

    @Test
    void anAcceptThatWaitsWhenTheRecordingStartsIsRecorded() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            assertThatALateAcceptIsRecorded(listener);
        }
    }

    @Test
    void aUnixAcceptThatWaitsWhenTheRecordingStartsIsRecorded() throws Exception {
        try (Listener listener =
                Runtimes.listen("unix", folder.resolve("socket").toString())) {
            assertThatALateAcceptIsRecorded(listener);
        }
    }

    private void assertThatALateAcceptIsRecorded(Listener listener) throws Exception {
        Task<Conn> acceptor = Task.start(listener::accept);
        Parked.awaitAcceptor(listener);
        List<RecordedEvent> events = record("heddle.Accept", () -> {
            String network = listener.address().network();
            String address = listener.address().toString();
            for (int i = 0; i < 3; i++) {
                try (Conn _ = Runtimes.dial(network, address);
                        Conn _ = i == 0 ? acceptor.result() : listener.accept()) {}
            }
        });
        assertThat(events)
                .extracting(accept -> accept.getBoolean("beganBefore"))
                .containsExactly(true, false, false);
        assertThat(events)
                .allSatisfy(accept -> assertThat(accept.getString("listener"))
                        .isEqualTo(listener.address().toString()));
    }

    @Test
    @EnabledOnOs(OS.LINUX) // A full backlog drops there.
    void aConnectThatWaitsWhenTheRecordingStartsIsRecorded() throws Exception {
        try (var full = new FullBacklog()) {
            Task<Conn> dialer = Task.start(() -> Runtimes.dial("tcp", full.address()));
            Parked.await(dialer.thread());
            List<RecordedEvent> events = record("heddle.Connect", () -> {
                dialer.thread().interrupt();
                dialer.failure(IOException.class);
            });
            assertThat(events).singleElement().satisfies(connect -> {
                assertThat(connect.getString("socket")).isEqualTo(full.address());
                assertThat(connect.getString("failure")).isNotEmpty();
                assertThat(connect.getBoolean("beganBefore")).isTrue();
            });
        }
    }

    @Test
    void aPollThatSleepsWhenTheRecordingStartsIsRecorded() throws Exception {
        // In ways jdk and nio polls do not sleep: a thread waits for them, and takes nothing.
        assumeThat(Runtimes.current().describe()).doesNotContain("the JDK's carriers");
        try (var pair = ConnPair.tcp()) {
            // Its poller goes to sleep a moment after it is seen parked.
            Await.until("a poll that began before the recording", () -> {
                Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
                Parked.awaitReader(pair.left());
                return record("heddle.PollBatch", () -> {
                            pair.right().write(new byte[1], 0, 1);
                            reader.result();
                            wakeReader(pair); // So that the first poll is over.
                        })
                        .stream()
                        .anyMatch(poll -> poll.getBoolean("beganBefore") && poll.getInt("events") > 0);
            });
        }
    }

    @Test
    void aHandOffOfATaskThatRanBeforeTheRecordingIsRecorded() throws Exception {
        assumeThat(Runtimes.current().describe()).contains("carriers of its own");
        // The monitor leaves it alone: the task gives its processor away.
        try (Heddle heddle = Heddle.builder()
                .way(Way.CARRIERS)
                .parallelism(1)
                .handOff(Duration.ofHours(1))
                .start()) {
            var running = new CountDownLatch(1);
            var go = new AtomicBoolean();
            Task<Void> task = Task.on(heddle.ofVirtual(), () -> {
                running.countDown();
                while (!go.get()) {
                    Thread.onSpinWait();
                }
                Insides.of(heddle).scheduler().beforeBlocking();
                return null;
            });
            running.await();
            List<RecordedEvent> events = record("heddle.HandOff", () -> {
                go.set(true);
                task.result();
            });
            assertThat(events).isNotEmpty();
        }
    }

    @Test
    void nothingIsRecordedUnlessAskedFor() throws Exception {
        Path file = folder.resolve("default.jfr");
        try (Recording recording = new Recording();
                var pair = ConnPair.tcp()) {
            recording.start();
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            pair.right().write(new byte[1], 0, 1);
            reader.result();
            recording.stop();
            recording.dump(file);
        }
        assertThat(RecordingFile.readAllEvents(file))
                .noneMatch(event -> event.getEventType().getName().startsWith("heddle."));
        assertThat(FlightRecorder.getFlightRecorder().getEventTypes())
                .filteredOn(type -> type.getName().startsWith("heddle."))
                .hasSize(5)
                .allSatisfy(type -> {
                    assertThat(type.getCategoryNames()).containsExactly("Heddle");
                    assertThat(type.getDescription()).isNotEmpty();
                    assertThat(type.getFields()).allMatch(field -> field.getLabel() != null);
                });
    }
}
