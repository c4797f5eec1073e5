package heddle.gateway.access;

/**
 * What one may take: an address, a client, or all together. Zero is no bound. Immutable: each setter returns a changed
 * copy and refuses a negative value by an IllegalArgumentException.
 *
 * @param connections at a time; further ones are refused
 * @param newConnections a second, and as many at once after a pause; further ones are refused
 * @param bytesInFlight payload that was read and is not settled yet; at the bound the connections are not read. One
 *     message is always let through, however large
 * @param messages a second, and as many at once after a pause; beyond it the connections are not read
 */
public record Bounds(int connections, int newConnections, long bytesInFlight, int messages) {

    /** No bound at all. */
    public static final Bounds NONE = new Bounds(0, 0, 0, 0);

    /** Checks them. */
    public Bounds {
        if (connections < 0 || newConnections < 0 || bytesInFlight < 0 || messages < 0) {
            throw new IllegalArgumentException("a bound below zero: want 0, for none, or more");
        }
    }

    /**
     * Most connections at a time.
     *
     * @param most zero for no bound
     * @return the changed copy
     */
    public Bounds connections(int most) {
        return new Bounds(most, newConnections, bytesInFlight, messages);
    }

    /**
     * Most new connections a second.
     *
     * @param most zero for no bound
     * @return the changed copy
     */
    public Bounds newConnections(int most) {
        return new Bounds(connections, most, bytesInFlight, messages);
    }

    /**
     * Most bytes in flight.
     *
     * @param most zero for no bound
     * @return the changed copy
     */
    public Bounds bytesInFlight(long most) {
        return new Bounds(connections, newConnections, most, messages);
    }

    /**
     * Most messages a second.
     *
     * @param most zero for no bound
     * @return the changed copy
     */
    public Bounds messages(int most) {
        return new Bounds(connections, newConnections, bytesInFlight, most);
    }
}
