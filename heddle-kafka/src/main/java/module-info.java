/** The communication server's messages in a topic of Kafka. */
@SuppressWarnings(
        "requires-transitive-automatic") // Kafka's jar is no module yet, and its types are in the reading rule.
module heddle.kafka {
    requires transitive heddle.gateway;
    requires transitive kafka.clients;
    requires java.logging;
    requires org.slf4j;
    requires static org.jspecify;

    exports heddle.kafka;
}
