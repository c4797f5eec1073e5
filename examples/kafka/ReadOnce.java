import heddle.kafka.ReadingRule;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Prints the messages of a topic that count, "CLIENT MESSAGE" a line, up to its end now: SERVERS TOPIC. What was sent once is
 * there exactly once. A reader that goes on where it was keeps the rule's positions beside its offsets.
 */
public class ReadOnce {

    public static void main(String[] args) {
        java.util.logging.Logger.getLogger("").setLevel(java.util.logging.Level.OFF);
        long records = 0;
        long counted = 0;
        var text = new StringBuilder();
        try (var consumer = new KafkaConsumer<>(
                Map.<String, Object>of("bootstrap.servers", args[0], "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            for (var info : consumer.partitionsFor(args[1])) {
                var partition = new TopicPartition(args[1], info.partition());
                var rule = new ReadingRule(); // one for each partition
                consumer.assign(List.of(partition));
                long end = consumer.endOffsets(List.of(partition)).get(partition);
                while (consumer.position(partition) < end) {
                    for (var record : consumer.poll(Duration.ofMillis(100))) {
                        records++;
                        if (rule.counts(record)) {
                            counted++;
                            text.append(new String(record.key(), StandardCharsets.UTF_8))
                                    .append(' ')
                                    .append(new String(record.value(), StandardCharsets.UTF_8))
                                    .append('\n');
                        }
                    }
                }
            }
        }
        System.out.print(text);
        System.err.println(records + " records, " + counted + " messages that count");
    }
}
