/** The communication server seen: metrics, readiness, a page. */
@SuppressWarnings(
        "requires-transitive-automatic") // Micrometer's jar is no module yet, and its types are in GatewayMeters.
module heddle.admin {
    requires transitive heddle.gateway;
    requires transitive micrometer.core;
    requires micrometer.registry.prometheus;
    requires io.prometheus.metrics.model;
    requires jdk.httpserver;
    requires transitive java.logging;
    requires java.management;
    requires jdk.management;
    requires static org.jspecify;

    exports heddle.admin;
}
