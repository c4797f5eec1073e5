package heddle.cli;

import heddle.kafka.KafkaOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code serve} that tell where Kafka is. */
final class KafkaArguments {

    @Option(
            names = "--kafka-servers",
            paramLabel = "HOST:PORT[,..]",
            description = "For Kafka: some of the cluster's brokers.")
    private @Nullable String servers;

    @Option(
            names = "--kafka-topic",
            paramLabel = "NAME",
            description = "For Kafka: the topic, which must exist. NAME-turns, which says how far"
                    + " clients are that send once, is made if it is missing.")
    private @Nullable String topic;

    @Option(
            names = "--kafka-config",
            paramLabel = "FILE",
            description = "For Kafka: more settings of Kafka's clients, a properties file, as for TLS.")
    private @Nullable Path config;

    /** Whether any is given. */
    boolean any() {
        return servers != null || topic != null || config != null;
    }

    /** Where it is, for people. */
    String where() {
        return "topic " + topic + " at " + servers;
    }

    /**
     * What they say.
     *
     * @throws IllegalArgumentException something is missing or makes no sense
     * @throws IOException the file cannot be read
     */
    KafkaOptions options() throws IOException {
        if (servers == null || topic == null) {
            throw new IllegalArgumentException(
                    "--sink=kafka and store+kafka: want --kafka-servers and --kafka-topic too");
        }
        return new KafkaOptions(servers, topic).config(settings());
    }

    private Map<String, String> settings() throws IOException {
        if (config == null) {
            return Map.of();
        }
        var properties = new Properties();
        try (var reader = Files.newBufferedReader(config, StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        Map<String, String> settings = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> settings.put(name, properties.getProperty(name)));
        return settings;
    }
}
