package heddle.gateway;

import java.util.Locale;

/** What a gateway measures, each in a {@link Histogram}. */
public enum Distribution {
    /** From the read that brought a submit until its ack is handed to the connection's writer; whatever the result. */
    ACK_LATENCY("time from a submit to its ack", "nanoseconds"),
    /** From the beginning of a commit to its end, the sync included where there is one; also of those that fail. */
    COMMIT_TIME("time of a commit", "nanoseconds"),
    /** Messages of a commit that went well. */
    COMMIT_SIZE("messages of a commit", "messages");

    private final String label;
    private final String unit;

    Distribution(String label, String unit) {
        this.label = label;
        this.unit = unit;
    }

    /**
     * The name for programs: lower case, words joined by a point.
     *
     * @return such as {@code ack.latency}
     */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '.');
    }

    /**
     * The name for people.
     *
     * @return a phrase
     */
    public String label() {
        return label;
    }

    /**
     * What values are counted in.
     *
     * @return a plural
     */
    public String unit() {
        return unit;
    }

    Histogram histogram() {
        return new Histogram(this == COMMIT_SIZE ? Histogram.counts() : Histogram.times());
    }
}
