/** The communication server. */
module heddle.gateway {
    requires transitive heddle.protocol;
    requires java.sql;
    // To show the counters, where a JVM has it: docs/observability.md.
    requires static java.management;
    requires org.xerial.sqlitejdbc;
    requires static org.jspecify;

    exports heddle.gateway;
}
