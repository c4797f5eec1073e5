package heddle.gateway;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The payload of a conn.
 *
 * <pre>
 *    +---------------------+------+----------------+
 *    | name, UTF-8, 0..255 | 0x00 | token, 0 and up|   the zero byte and the token may be missing
 *    +---------------------+------+----------------+
 * </pre>
 *
 * @param name who the client says it is; null if that is malformed
 * @param token what it knows, or null if it sent none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared as a whole
record Introduction(@Nullable String name, byte @Nullable [] token) {

    static final int NAME_BYTES_MAX = 255;

    static Introduction decode(byte[] buffer, int offset, int length) {
        int end = offset + length;
        int zero = offset;
        while (zero < end && buffer[zero] != 0) {
            zero++;
        }
        return new Introduction(
                name(buffer, offset, zero - offset), zero == end ? null : Arrays.copyOfRange(buffer, zero + 1, end));
    }

    private static @Nullable String name(byte[] buffer, int offset, int length) {
        if (length > NAME_BYTES_MAX) {
            return null;
        }
        try {
            return StandardCharsets.UTF_8 // a new decoder reports what String would replace
                    .newDecoder()
                    .decode(ByteBuffer.wrap(buffer, offset, length))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    /** The other direction; the token null for none. */
    static byte[] encode(String name, @Nullable String token) {
        byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        if (nameBytes.length > NAME_BYTES_MAX || name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("client name: at most " + NAME_BYTES_MAX + " bytes, no zero byte");
        }
        if (token == null) {
            return nameBytes;
        }
        byte[] tokenBytes = token.getBytes(StandardCharsets.UTF_8);
        byte[] payload = Arrays.copyOf(nameBytes, nameBytes.length + 1 + tokenBytes.length);
        System.arraycopy(tokenBytes, 0, payload, nameBytes.length + 1, tokenBytes.length);
        return payload;
    }
}
