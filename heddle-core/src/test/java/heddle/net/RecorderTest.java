package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Await;
import heddle.testing.Task;
import heddle.testing.Ways;

import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** The flight recorder's events, each in a recording. */
@Ways
class RecorderTest {

    @TempDir private Path folder;

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
            List<RecordedEvent> events =
                    record(
                            "heddle.Park",
                            () -> {
                                Task<Integer> reader =
                                        Task.start(() -> pair.left().read(new byte[1]));
                                Parked.awaitReader(pair.left());
                                pair.right().write(new byte[1], 0, 1);
                                reader.result();
                            });
            long wholeNanos = System.nanoTime() - beganNanos;
            assertThat(events)
                    .singleElement()
                    .satisfies(park -> {
                        assertThat(park.getEventType().getName()).isEqualTo("heddle.Park");
                        assertThat(park.getString("op")).isEqualTo("read");
                        assertThat(park.getString("socket")).isEqualTo(pair.left().toString());
                        assertThat(park.getString("outcome")).isEqualTo("READY");
                        assertThat(park.getDuration("latency").toNanos())
                                .isPositive()
                                .isLessThanOrEqualTo(park.getDuration().toNanos());
                        assertThat(park.getDuration().toNanos()).isLessThan(wholeNanos);
                    });
        }
    }

    @Test
    void aWaitThatCloseEndsIsRecordedAsSuch() throws Exception {
        List<RecordedEvent> events =
                record(
                        "heddle.Park",
                        () -> {
                            Task<Conn> acceptor;
                            try (Listener listener = Net.listen("tcp", "127.0.0.1:0")) {
                                acceptor = Task.start(listener::accept);
                                Parked.awaitAcceptor(listener);
                            }
                            acceptor.failure(ConnClosedException.class);
                        });
        assertThat(events)
                .singleElement()
                .satisfies(park -> {
                    assertThat(park.getString("op")).isEqualTo("accept");
                    assertThat(park.getString("socket")).startsWith("tcp 127.0.0.1:");
                    assertThat(park.getString("outcome")).isEqualTo("CLOSED");
                    assertThat(park.getDuration("latency").toNanos()).isZero();
                });
    }

    @Test
    void anAcceptIsRecordedWithBothAddresses() throws Exception {
        try (Listener listener = Net.listen("tcp", "127.0.0.1:0")) {
            List<RecordedEvent> events =
                    record(
                            "heddle.Accept",
                            () -> {
                                try (Conn dialed = Net.dial("tcp", listener.address().toString());
                                        Conn accepted = listener.accept()) {
                                    assertThat(accepted.remoteAddress())
                                            .isEqualTo(dialed.localAddress());
                                }
                            });
            assertThat(events)
                    .singleElement()
                    .satisfies(accept -> {
                        assertThat(accept.getString("listener"))
                                .isEqualTo(listener.address().toString());
                        assertThat(accept.getString("peer")).startsWith("127.0.0.1:");
                    });
        }
    }

    @Test
    void connectsAreRecordedWithTheirFailure() throws Exception {
        String[] free = new String[1];
        List<RecordedEvent> events =
                record(
                        "heddle.Connect",
                        () -> {
                            try (var pair = ConnPair.tcp()) {
                                free[0] = pair.left().remoteAddress().toString();
                            }
                            Task.start(() -> Net.dial("tcp", free[0]))
                                    .failure(ConnRefusedException.class);
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
            List<RecordedEvent> events =
                    record(
                            "heddle.PollBatch",
                            () -> {
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
        List<RecordedEvent> events =
                record(
                        "heddle.HandOff",
                        () -> {
                            AtomicBoolean stop = new AtomicBoolean();
                            Task<Void> loop =
                                    Task.run(() -> {
                                        while (!stop.get()) {
                                            Thread.onSpinWait();
                                        }
                                    });
                            awaitLoopElsewhere(loop.thread());
                            stop.set(true);
                            loop.result();
                        });
        if (Heddle.mode().contains("carriers of its own")) {
            assertThat(events)
                    .anySatisfy(handOff -> {
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
        boolean ours = Heddle.mode().contains("carriers of its own");
        Await.until(
                loop + " computes without a processor",
                () ->
                        ours
                                ? Heddle.dump()
                                        .lines()
                                        .anyMatch(line ->
                                                line.contains("runs a task without a processor")
                                                        && line.contains(
                                                                "#" + loop.threadId() + " "))
                                : loop.getState() == Thread.State.RUNNABLE);
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
