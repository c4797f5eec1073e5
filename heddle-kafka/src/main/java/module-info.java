/** The communication server's messages in a topic of Kafka. */
module heddle.kafka {
    requires transitive heddle.gateway;
    requires transitive kafka.clients;
    requires java.logging;
    requires org.slf4j;
    requires static org.jspecify;

    exports heddle.kafka;
}
