package heddle.admin;

import heddle.gateway.access.Tokens;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What a person or a program must know to see the page from afar: the first line of a file that is no comment.
 * Compared in constant time. Immutable; any thread.
 */
final class AdminToken {

    /** Nobody guesses that many, so nobody has to be slowed down. */
    private static final int LENGTH_MIN = 16;

    private final byte[] digest;

    private AdminToken(byte[] digest) {
        this.digest = digest;
    }

    /**
     * Reads it.
     *
     * @throws IOException the file cannot be read, or has no line that would do; the message says which
     */
    static AdminToken read(Path file) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (CharacterCodingException foreign) {
            throw new IOException(file + ": is not UTF-8", foreign);
        }
        String text = lines.stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .findFirst()
                .orElse("");
        if (text.length() < LENGTH_MIN) {
            throw new IOException(
                    "admin token file " + file + ": want a line of " + LENGTH_MIN + " characters or more");
        }
        return new AdminToken(hash(text));
    }

    boolean is(String given) {
        return MessageDigest.isEqual(digest, hash(given));
    }

    private static byte[] hash(String text) {
        return Tokens.hash(text.getBytes(StandardCharsets.UTF_8));
    }

    /** What a cookie says: until when it holds, and a proof that this process, with this token, made it. */
    String cookie(byte[] key, long untilSeconds) {
        return untilSeconds + "." + proof(key, untilSeconds);
    }

    private String proof(byte[] key, long untilSeconds) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update(digest);
            byte[] proof = mac.doFinal(Long.toString(untilSeconds).getBytes(StandardCharsets.US_ASCII));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(proof);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e); // each JDK has it
        }
    }

    /** Whether {@code cookie} is one of these, and still holds. */
    boolean accepts(byte[] key, String cookie, long nowSeconds) {
        int dot = cookie.indexOf('.');
        try {
            long until = Long.parseLong(cookie.substring(0, Math.max(0, dot)));
            byte[] want = cookie(key, until).getBytes(StandardCharsets.US_ASCII);
            return MessageDigest.isEqual(want, cookie.getBytes(StandardCharsets.US_ASCII)) && until > nowSeconds;
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
