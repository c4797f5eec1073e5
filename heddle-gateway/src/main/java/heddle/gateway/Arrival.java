package heddle.gateway;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tells by its first four bytes what somebody speaks who does not speak this protocol. No state. */
final class Arrival {

    private static final Set<String> HTTP =
            Set.of("GET ", "PUT ", "POST", "HEAD", "DELE", "OPTI", "PATC", "CONN", "TRAC", "PRI ", "HTTP");

    /** The record type handshake and the version's first byte; RFC 8446, section 5.1. */
    private static final int TLS = 0x1603;

    /** The beginning of the binary header of the PROXY protocol, version 2. */
    private static final int PROXY_BINARY = 0x0d0a0d0a;

    private Arrival() {}

    /** A name in the field's words; null for bytes that could be anything. */
    static @Nullable String name(int first) {
        String text = new String(ByteBuffer.allocate(4).putInt(first).array(), StandardCharsets.ISO_8859_1);
        if (HTTP.contains(text)) {
            return "HTTP";
        }
        if (first >>> 16 == TLS) {
            return "TLS";
        }
        if (text.equals("SSH-")) {
            return "SSH";
        }
        if (text.equals("PROX") || first == PROXY_BINARY) {
            return "a balancer's PROXY protocol";
        }
        return text.chars().allMatch(c -> (c >= ' ' && c <= '~') || c == '\r' || c == '\n' || c == '\t')
                ? "text"
                : null;
    }
}
