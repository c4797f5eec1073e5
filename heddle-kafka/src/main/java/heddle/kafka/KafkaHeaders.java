package heddle.kafka;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** The headers of a record, each a text in UTF-8. */
public final class KafkaHeaders {

    /** The client's name. */
    public static final String NAME = "name";

    /** When the gateway took the message: milliseconds since 1970, in decimal. */
    public static final String TIME = "time";

    /** The number of a message that is kept once: unsigned, in decimal. */
    public static final String SEQUENCE = "sequence";

    /** The turn of a message that is kept once, and of the marker with which a turn begins: 0 or more, in decimal. */
    public static final String TURN = "turn";

    /** What tells the store that forwarded a message from others: any text. */
    public static final String STORE = "store";

    /** The number of a forwarded message in its store: in decimal. */
    public static final String NUMBER = "number";

    private KafkaHeaders() {}

    /** One of them. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Field(String key, byte[] value) implements Header {

        Field(String key, String text) {
            this(key, text.getBytes(StandardCharsets.UTF_8));
        }

        Field(String key, long value) {
            this(key, Long.toUnsignedString(value));
        }
    }

    /** The text of a header; null if there is none. */
    static @Nullable String text(Headers headers, String key) {
        var header = headers.lastHeader(key);
        return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }
}
