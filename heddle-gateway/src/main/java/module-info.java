/** The communication server. */
@SuppressWarnings("module") // Command and Kafka are built after this module, and may be absent.
module heddle.gateway {
    requires transitive heddle.protocol;
    requires java.naming;
    requires java.sql;
    // To show the counters, where a JVM has it: docs/observability.md.
    requires static java.management;
    requires static jdk.jfr;
    requires org.xerial.sqlitejdbc;
    requires static org.jspecify;

    exports heddle.gateway;
    exports heddle.gateway.access;
    exports heddle.gateway.log to
            heddle.cli,
            heddle.kafka;
}
