package heddle.admin;

import heddle.gateway.Gateway;

/**
 * Whether something is as it should be.
 *
 * @param reason why not; empty if it is
 */
record Readiness(String reason) {

    private static final Readiness GOOD = new Readiness("");

    boolean isGood() {
        return reason.isEmpty();
    }

    /** Whether clients should be sent here: it takes connections, and messages too. */
    static Readiness of(Gateway gateway) {
        if (gateway.stopping()) {
            return new Readiness("draining");
        }
        if (!gateway.accepting()) {
            return new Readiness("not accepting connections");
        }
        return new Readiness(gateway.sink().trouble());
    }

    /** Whether it should go on: its sink has not ended by itself. A full disk is no failure. */
    static Readiness ofHealth(Gateway gateway) {
        var sink = gateway.sink();
        return sink.failed() ? new Readiness(sink.trouble().isEmpty() ? "failed" : sink.trouble()) : GOOD;
    }
}
