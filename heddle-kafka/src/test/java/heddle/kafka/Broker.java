package heddle.kafka;

import heddle.testing.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A broker of Kafka in a JVM of its own, with a data folder and a port that it keeps when it is killed and started
 * again.
 */
final class Broker implements AutoCloseable {

    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    private final Path folder;
    private final Path config;
    private final int port;
    private Process process;

    /** Started, in {@code folder}. */
    Broker(Path folder) throws Exception {
        ClientLog.quiet();
        this.folder = folder;
        this.port = freePort();
        int controllerPort = freePort();
        this.config = folder.resolve("server.properties");
        Files.writeString(config, """
                process.roles=broker,controller
                node.id=1
                controller.quorum.voters=1@127.0.0.1:%2$d
                listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
                advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
                controller.listener.names=CONTROLLER
                listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
                log.dirs=%3$s
                auto.create.topics.enable=false
                offsets.topic.replication.factor=1
                transaction.state.log.replication.factor=1
                transaction.state.log.min.isr=1
                """.formatted(port, controllerPort, folder.resolve("data")));
        int exit = run(
                        "kafka.tools.StorageTool",
                        "format",
                        "--ignore-formatted",
                        "--cluster-id",
                        "heddle-test-cluster-00",
                        "--config",
                        config.toString())
                .waitFor();
        if (exit != 0) {
            throw new AssertionError("the storage of Kafka was not formatted: " + log());
        }
        start();
    }

    /** With the folder of temporary files of the JVM; ended with the JVM. */
    static Broker forThisJvm() throws Exception {
        var broker = new Broker(Files.createTempDirectory("heddle-broker"));
        Runtime.getRuntime().addShutdownHook(new Thread(broker::close));
        return broker;
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private Process run(String main, String... arguments) throws IOException {
        var log = folder.resolve("broker.log").toFile();
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx384m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                main));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                .start();
    }

    String servers() {
        return "127.0.0.1:" + port;
    }

    /** Starts it, also again; returns when it answers. */
    void start() throws Exception {
        process = run("kafka.Kafka", config.toString());
        long end = System.nanoTime() + START_LIMIT.toNanos();
        while (true) {
            try {
                admin(admin -> {});
                return;
            } catch (ExecutionException notYet) {
                if (!process.isAlive() || System.nanoTime() - end > 0) {
                    throw new AssertionError("the broker did not start: " + log(), notYet);
                }
            }
        }
    }

    /** kill -9. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    private String log() throws IOException {
        var lines = Files.readAllLines(folder.resolve("broker.log"));
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
    }

    /** Something to do with an admin client, of a broker that answers. */
    interface Work {
        void with(Admin admin) throws Exception;
    }

    private void admin(Work work) throws Exception {
        try (var admin = Admin.create(
                Map.of("bootstrap.servers", servers(), "default.api.timeout.ms", 3000, "request.timeout.ms", 2000))) {
            admin.describeCluster().nodes().get();
            work.with(admin);
        }
    }

    /** A new topic, which the broker knows; its name. */
    String topic(String name, int partitions, Map<String, String> settings) throws Exception {
        admin(admin -> {
            admin.createTopics(List.of(new NewTopic(name, Optional.of(partitions), Optional.empty()).configs(settings)))
                    .all()
                    .get();
            // The controller has made it; the broker hears of it a little later.
            Await.until("topic " + name, () -> admin.listTopics().names().get().contains(name));
        });
        return name;
    }

    /** Changes a setting of a topic. */
    void set(String topic, String key, String value) throws Exception {
        var change = new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET);
        admin(admin -> admin.incrementalAlterConfigs(
                        Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic), List.of(change)))
                .all()
                .get());
    }

    /** All that is in a topic now, partition after partition. */
    List<ConsumerRecord<byte[], byte[]>> read(String topic) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        read(topic, records::add);
        return records;
    }

    void read(String topic, Consumer<ConsumerRecord<byte[], byte[]>> taker) {
        try (var consumer = new KafkaConsumer<>(
                Map.<String, Object>of("bootstrap.servers", servers(), "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            for (var info : consumer.partitionsFor(topic)) {
                var partition = new TopicPartition(topic, info.partition());
                consumer.assign(List.of(partition));
                long end = consumer.endOffsets(List.of(partition)).get(partition);
                while (consumer.position(partition) < end) {
                    consumer.poll(Duration.ofMillis(100)).forEach(taker);
                }
            }
        }
    }

    /** The messages of a topic that count, as texts, by their clients: what a reader sees that follows the rule. */
    Map<String, List<String>> messages(String topic) {
        return Reading.messages(taker -> read(topic, taker));
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
