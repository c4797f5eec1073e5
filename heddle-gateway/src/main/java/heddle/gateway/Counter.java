package heddle.gateway;

import java.util.Locale;

/**
 * What a gateway and its sink count since their start: each counter goes up alone, but for {@link #isGauge}. Where it
 * says "answered", the answer was found; whether the client has it depends on its connection.
 */
public enum Counter {
    /** Connections accepted. */
    CONNECTIONS("connections accepted", "connections"),
    /** Connections closed again. */
    CONNECTIONS_CLOSED("connections closed", "connections"),
    /** Clients that introduced themselves with success. */
    INTRODUCED("clients introduced", "connections"),
    /** Heartbeats: further conns on an introduced connection. */
    HEARTBEATS("heartbeats", "packets"),
    /** Frames read, of all commands, also those that are mistakes; counted once a read. */
    FRAMES("frames read", "frames"),
    /** Submits and submits once read. */
    SUBMITS("submits read", "messages"),
    /** Their payloads. */
    SUBMIT_BYTES("payload read", "bytes"),
    /** Submits answered with success. */
    ACKS("submits acknowledged", "messages"),
    /** Submits answered with {@link Result#OVERLOADED}. */
    ACKS_OVERLOADED("submits answered overloaded", "messages"),
    /** Submits answered with {@link Result#TOO_LARGE}. */
    ACKS_TOO_LARGE("submits answered too large", "messages"),
    /** Submits answered with {@link Result#NOT_STORED}. */
    ACKS_NOT_STORED("submits answered not stored", "messages"),
    /** Submits once answered with {@link Result#OUT_OF_SEQUENCE}. */
    ACKS_OUT_OF_SEQUENCE("submits answered out of sequence", "messages"),
    /** Submits once answered with {@link Result#TAKEN_OVER}. */
    ACKS_TAKEN_OVER("submits answered taken over", "messages"),
    /** Submits whose commit may or may not be on the disk: answered with {@link Result#IN_DOUBT}, or not at all. */
    ACKS_IN_DOUBT("submits in doubt", "messages"),
    /** Resumes answered with success. */
    RESUMES("names resumed", "connections"),
    /** Submits once that had been kept already, or are in the same commit. */
    REPEATS("repeated messages, not stored again", "messages"),
    /** A totalLength below the smallest frame. */
    ERROR_TOO_SHORT("protocol error: frame too short", "connections"),
    /** A totalLength above the limit. */
    ERROR_TOO_LONG("protocol error: frame too long", "connections"),
    /** The stream ended within a frame. */
    ERROR_TRUNCATED("protocol error: end of stream within a frame", "connections"),
    /** A command that no client sends. */
    ERROR_UNKNOWN_COMMAND("protocol error: unknown command", "connections"),
    /** A submit once with the number 0; a second resume, or one with something in it. */
    ERROR_MALFORMED("protocol error: malformed request", "connections"),
    /** A submit once without a resume. */
    ERROR_NOT_RESUMED("protocol error: not resumed", "connections"),
    /** Something else came before conn. */
    ERROR_NOT_INTRODUCED("protocol error: not introduced", "connections"),
    /** A conn whose name is too long or not UTF-8. */
    ERROR_MALFORMED_NAME("protocol error: malformed name", "connections"),
    /** A conn without a token that is listed for its name. */
    ERROR_NOT_ALLOWED("wrong or missing token", "connections"),
    /** A conn with another name than the client's certificate has, or without a certificate where one is required. */
    ERROR_WRONG_NAME("not the name in the client's certificate", "connections"),
    /** Handshakes of TLS that were done. */
    TLS_HANDSHAKES("TLS handshakes", "connections"),
    /** What came instead of TLS. */
    ERROR_NOT_TLS("TLS: something else arrived", "connections"),
    /** No version, cipher suite or application protocol in common. */
    ERROR_TLS_VERSION("TLS: no version or cipher suite in common", "connections"),
    /** No client certificate that is believed. */
    ERROR_CERTIFICATE("TLS: client certificate missing or not believed", "connections"),
    /** An end of the stream without close_notify, in the handshake or behind it. */
    ERROR_TLS_TRUNCATED("TLS: cut off", "connections"),
    /** Changed bytes, a breach of the protocol, a peer that gave up. */
    ERROR_TLS("TLS: broken, or refused by the peer", "connections"),
    /** A connection from a proxy without a header that is right. */
    ERROR_PROXY("PROXY header: missing or malformed", "connections"),
    /** A PROXY header from somebody who is not one of the proxies. */
    ERROR_PROXY_STRANGER("PROXY header: not from one of the proxies", "connections"),
    /** Refused at the door, by address. */
    REFUSED_NETWORK("refused: network not allowed", "connections"),
    /** Refused at the door, by {@code Limits.perAddress}. */
    LIMITED_ADDRESS_CONNECTIONS("refused: as many connections of this address as allowed", "connections"),
    /** Refused at the door, by {@code Limits.perAddress}. */
    LIMITED_ADDRESS_RATE("refused: new connections of this address too fast", "connections"),
    /** Refused at the door, by {@code Limits.inAll}. */
    LIMITED_RATE("refused: new connections too fast", "connections"),
    /** Conns answered with {@link Result#OVERLOADED}, by {@code Limits.perClient}. */
    LIMITED_CLIENT_CONNECTIONS("refused: as many connections of this client as allowed", "connections"),
    /** Conns answered with {@link Result#OVERLOADED}, by {@code Limits.perClient}. */
    LIMITED_CLIENT_RATE("refused: new connections of this client too fast", "connections"),
    /** Messages that waited for a bound on messages a second. */
    LIMITED_MESSAGES("held back by messages a second", "messages"),
    /** Messages that waited for a bound on bytes in flight. */
    LIMITED_BYTES("held back by bytes in flight", "messages"),
    /** Closed by a reload that allows them no longer. */
    REVOKED("closed: no longer allowed", "connections"),
    /** Still in the handshake of TLS. */
    TIMEOUT_TLS("TLS handshake not done in time", "connections"),
    /** A connection from a proxy whose header did not come in time. */
    TIMEOUT_PROXY("PROXY header not there in time", "connections"),
    /** Not introduced in time. */
    TIMEOUT_HANDSHAKE("not introduced in time", "connections"),
    /** Silent within a frame for too long. */
    TIMEOUT_STALL("stalled within a frame", "connections"),
    /** Silent for too long. */
    TIMEOUT_IDLE("silent for too long", "connections"),
    /** Did not read its acks. */
    TIMEOUT_WRITE("did not read its acks", "connections"),
    /** Closed by {@link Gateway#closeClient}. */
    CLOSED_BY_OPERATOR("closed by the operator", "connections"),
    /** Groups of messages, each written and, with sync=always, synced at once. */
    COMMITS("commits", "commits"),
    /** Commits that failed: answered with {@link Result#NOT_STORED}, or in doubt. */
    COMMITS_FAILED("commits failed", "commits"),
    /** Messages committed; divided by the commits, the mean size of a group. */
    STORED("messages stored", "messages"),
    /** Fsyncs of its own between commits, with sync=interval. */
    SYNCS("interval syncs", "fsyncs"),
    /** Messages of the store that Kafka has confirmed; some twice, after a crash. */
    FORWARDED("messages forwarded", "messages"),
    /** Messages in the store that are not forwarded yet: goes up and down. */
    FORWARD_LAG("messages not forwarded yet", "messages");

    private final String label;
    private final String unit;

    Counter(String label, String unit) {
        this.label = label;
        this.unit = unit;
    }

    /**
     * The name for programs: lower case, words joined by a point.
     *
     * @return such as {@code error.too.short}
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
     * Whether it goes down too.
     *
     * @return false if it counts up from the start on
     */
    public boolean isGauge() {
        return this == FORWARD_LAG;
    }

    /**
     * What one is.
     *
     * @return a plural
     */
    public String unit() {
        return unit;
    }
}
