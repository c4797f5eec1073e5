package heddle.internal.trace;

import java.util.Locale;

/**
 * What a runtime counts, since it started. Three gauges, said to be so in their labels, fall again.
 *
 * <p>Each wait for readiness begins once and ends once, so {@link #PARKS} less the sum of {@link #WAKES}, {@link
 * #EXPIRED} and {@link
 * #GIVEN_UP} is the number of threads that wait.
 *
 * <p>Bytes are not counted: what would count them costs something with every call, and the kernel has them (ss -i,
 * /proc/net/dev).
 */
public enum Counter {
    /** Counted by the waiting thread. */
    PARKS("waits for readiness begun", "waits"),
    /** Counted by the poller. */
    WAKES("waits ended by readiness", "waits"),
    /** A deadline came, or was moved into the past. */
    EXPIRED("waits ended by their deadline", "waits"),
    /** Includes waits that begin again: their deadline fired, but had been moved on meanwhile. */
    GIVEN_UP("waits ended by close, interrupt or failure", "waits"),
    /** With and without blocking. */
    POLLS("polls of the system", "polls"),
    /** Those that brought at least one event. */
    BATCHES("polls with events", "polls"),
    /** Wake-ups included. */
    EVENTS("events that the system reported", "events"),
    /** System calls that ended another thread's poll. */
    WAKE_UPS("wake-ups sent to pollers", "wake-ups"),
    /** By listeners. */
    ACCEPTED("connections accepted", "connections"),
    /** With success. */
    DIALED("connections dialed", "connections"),
    /** Connections, listeners and sockets that are being dialed; pollers' own are not among them. */
    DESCRIPTORS("sockets open now", "descriptors"),
    /** By the monitor, or by a task that knew it would block. */
    HAND_OFFS("processors handed to another carrier", "hand-offs"),
    /** Each time that the monitor, or a task that was to block, found none. */
    REFUSED("hand-offs put off, there being no carrier", "hand-offs"),
    /** Each of them of one task or more. */
    STEALS("queues that another processor's carrier took from", "steals"),
    /** Spares included. */
    CARRIERS("carriers now", "threads"),
    /** Carriers that wait for a processor. */
    SPARES("spare carriers now", "threads");

    private final String label;
    private final String unit;

    Counter(String label, String unit) {
        this.label = label;
        this.unit = unit;
    }

    /** The name for programs: lower case, words joined by a point, such as {@code given.up}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '.');
    }

    /** The name for people, a phrase. */
    public String label() {
        return label;
    }

    /** What one is, a plural. */
    public String unit() {
        return unit;
    }
}
