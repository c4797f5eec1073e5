package heddle.cli;

import heddle.kafka.KafkaOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code serve} that tell where Kafka is. They are part of {@link SinkArguments}, which checks them. */
final class KafkaArguments {

    @Option(
            names = "--kafka-servers",
            paramLabel = "HOST:PORT",
            split = ",",
            description = "For Kafka: some of the cluster's brokers.")
    private @Nullable List<String> servers;

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

    /** What {@link #checkWanted} has read, once: the file may be written meanwhile. */
    private Map<String, String> settings = Map.of();

    /** Where it is, for people. */
    String where() {
        return "topic " + topic + " at " + (servers == null ? "" : String.join(",", servers));
    }

    /** Tells what is wrong with them where Kafka is wanted. */
    void checkWanted(SinkKind sink, Problems problems) {
        if (servers == null || topic == null) {
            problems.add("--sink", sink + ": wants --kafka-servers and --kafka-topic too");
        } else {
            problems.look(config == null ? "--kafka-servers" : "--kafka-config", () -> {
                settings = read();
                KafkaOptions _ = options();
            });
        }
    }

    /** Tells which are given in vain where Kafka is not wanted. */
    void checkUnwanted(Problems problems) {
        String wants = "--sink=kafka or store+kafka";
        problems.unwanted("--kafka-servers", servers != null, wants);
        problems.unwanted("--kafka-topic", topic != null, wants);
        problems.unwanted("--kafka-config", config != null, wants);
    }

    /**
     * What they say.
     *
     * @throws IllegalArgumentException something makes no sense
     */
    KafkaOptions options() {
        return new KafkaOptions(String.join(",", Objects.requireNonNull(servers)), Objects.requireNonNull(topic))
                .config(settings);
    }

    @Nullable
    Path config() {
        return config;
    }

    /** What the file of settings says; nothing if there is none. */
    Map<String, String> settings() {
        return settings;
    }

    private Map<String, String> read() throws IOException {
        if (config == null) {
            return Map.of();
        }
        var properties = new Properties();
        try (var reader = Files.newBufferedReader(config, StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        Map<String, String> found = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> found.put(name, properties.getProperty(name)));
        return found;
    }
}
