package heddle.kafka;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** What a reader sees that follows the rule. */
final class Reading {

    private Reading() {}

    /** The messages that count, as texts, by their clients. */
    static Map<String, List<String>> messages(Consumer<Consumer<ConsumerRecord<byte[], byte[]>>> topic) {
        Map<Integer, ReadingRule> rules = new HashMap<>();
        Map<String, List<String>> messages = new HashMap<>();
        topic.accept(record -> {
            var rule = rules.computeIfAbsent(record.partition(), ignored -> new ReadingRule());
            if (rule.counts(record)) {
                messages.computeIfAbsent(new String(record.key(), StandardCharsets.UTF_8), name -> new ArrayList<>())
                        .add(new String(record.value(), StandardCharsets.UTF_8));
            }
        });
        return messages;
    }
}
