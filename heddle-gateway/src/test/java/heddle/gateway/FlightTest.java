package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A gateway's events, as the flight recorder writes them. */
@Timeout(60)
@Tag("thorough") // The recorder takes a second to start.
class FlightTest {

    @TempDir
    private Path folder;

    @Test
    void connectionsAndCommitsAreRecorded() throws Exception {
        var counters = new Counters();
        Path file = folder.resolve("gateway.jfr");
        try (var recording = new Recording()) {
            Stream.of("Opened", "Closed").forEach(what -> recording.enable("heddle.Connection" + what));
            recording.enable("heddle.Commit");
            recording.start();
            try (var sink = new StoreSink(folder.resolve("data"), new StoreOptions(), counters);
                    var gateway = new RunningGateway(sink, new GatewayOptions(), counters)) {
                var orderly = gateway.dial().introduced("orderly");
                orderly.submit(1, "a message");
                orderly.expectAck(0x82, 1, 0);
                orderly.halfClose();
                orderly.expectEndOfStream();
                gateway.await(Counter.CONNECTIONS_CLOSED, 1);
                var wrong = gateway.dialIntroduced();
                wrong.sendHex("00 00 00 0c 02 00 00 00 00 00 00 00");
                gateway.await(Counter.CONNECTIONS_CLOSED, 2);
                gateway.dial().introduced("unwanted");
                long id = gateway.gateway.clients().getFirst().id();
                assertThat(gateway.gateway.closeClient(id)).isTrue();
                gateway.await(Counter.CONNECTIONS_CLOSED, 3);
            }
            recording.stop();
            recording.dump(file);
        }
        var events = RecordingFile.readAllEvents(file);
        assertThat(of(events, "heddle.ConnectionOpened"))
                .hasSize(3)
                .allMatch(event -> event.getString("peer").startsWith("127.0.0.1:"));
        var closed = of(events, "heddle.ConnectionClosed");
        assertThat(closed.stream().map(event -> event.getString("client") + ": " + event.getString("reason")))
                .satisfiesExactly(
                        first -> assertThat(first).isEqualTo("orderly: end of stream"),
                        second -> assertThat(second).isEqualTo("raw: frame of 12 bytes, the smallest is 13"),
                        third -> assertThat(third).isEqualTo("unwanted: closed by the operator"));
        assertThat(closed.getFirst().getLong("submits")).isEqualTo(1);
        var commits = of(events, "heddle.Commit");
        assertThat(commits).hasSize(1);
        assertThat(commits.getFirst().getInt("messages")).isEqualTo(1);
        assertThat(commits.getFirst().getString("result")).isEqualTo("success");
        assertThat(commits.getFirst().getDuration()).isPositive().isLessThan(Duration.ofMinutes(1));
    }

    private static List<RecordedEvent> of(List<RecordedEvent> events, String name) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals(name))
                .sorted(Comparator.comparing(RecordedEvent::getStartTime))
                .toList();
    }
}
