package heddle.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An authority of a test's own: makes certificates (RFC 5280) and their keys as PEM files, within milliseconds and
 * without another program. Each has the key of an EC curve unless asked otherwise.
 */
public final class TestAuthority {

    /** A certificate's file and its key's. */
    public record Issued(Path chain, Path key) {}

    private static final AtomicLong SERIAL = new AtomicLong(System.nanoTime());

    private static final String ECDSA_WITH_SHA256 = "06082a8648ce3d040302";
    private static final String COMMON_NAME = "0603550403";
    private static final String BASIC_CONSTRAINTS = "0603551d13";
    private static final String ALTERNATIVE_NAMES = "0603551d11";

    private final Path folder;
    private final String name;
    private final KeyPair keys;
    private final Path file;

    public TestAuthority(Path folder, String name) throws Exception {
        this.folder = folder;
        this.name = name;
        this.keys = keys("EC");
        this.file = folder.resolve(name + ".pem");
        Files.writeString(
                file, pem("CERTIFICATE", certificate(name, keys, true, Duration.ofDays(-1), Duration.ofDays(1))));
    }

    /** The authority's own certificate. */
    public Path file() {
        return file;
    }

    /** A certificate for {@code names}, the first of which is its subject. */
    public Issued issue(String... names) throws Exception {
        return issue("EC", Duration.ofDays(-1), Duration.ofDays(1), names);
    }

    /** One with a key of {@code algorithm}, valid {@code from} until {@code to}, as seen from now. */
    public Issued issue(String algorithm, Duration from, Duration to, String... names) throws Exception {
        KeyPair pair = keys(algorithm);
        String label = names[0].replace('*', '_') + "-" + SERIAL.incrementAndGet();
        Path chain = folder.resolve(label + ".pem");
        Path key = folder.resolve(label + ".key");
        Files.writeString(chain, pem("CERTIFICATE", certificate(names[0], pair, false, from, to, names)));
        Files.writeString(key, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
        return new Issued(chain, key);
    }

    private static KeyPair keys(String algorithm) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        switch (algorithm) {
            case "EC" -> generator.initialize(256);
            case "RSA" -> generator.initialize(2048);
            default -> {}
        }
        return generator.generateKeyPair();
    }

    public static String pem(String label, byte[] bytes) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes) + "\n-----END " + label
                + "-----\n";
    }

    private byte[] certificate(
            String subject, KeyPair pair, boolean authority, Duration from, Duration to, String... names)
            throws GeneralSecurityException, IOException {
        Instant now = Instant.now();
        byte[] algorithm = der(0x30, HexFormat.of().parseHex(ECDSA_WITH_SHA256));
        byte[] extensions = authority
                ? extension(BASIC_CONSTRAINTS, der(0x30, der(0x01, new byte[] {-1})))
                : extension(ALTERNATIVE_NAMES, der(0x30, alternatives(names)));
        byte[] content = der(
                0x30,
                der(0xa0, der(0x02, new byte[] {2})),
                der(0x02, BigInteger.valueOf(SERIAL.incrementAndGet()).toByteArray()),
                algorithm,
                name(name),
                der(0x30, time(now.plus(from)), time(now.plus(to))),
                name(subject),
                pair.getPublic().getEncoded(),
                der(0xa3, der(0x30, extensions)));
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(keys.getPrivate());
        signature.update(content);
        return der(0x30, content, algorithm, der(0x03, new byte[1], signature.sign()));
    }

    private static byte[] extension(String id, byte[] value) {
        return der(0x30, HexFormat.of().parseHex(id), der(0x04, value));
    }

    private static byte[] alternatives(String... names) throws IOException {
        var all = new ByteArrayOutputStream();
        for (String one : names) {
            boolean address = one.matches("[0-9.]+|.*:.*");
            all.write(
                    address
                            ? der(0x87, InetAddress.getByName(one).getAddress())
                            : der(0x82, one.getBytes(StandardCharsets.US_ASCII)));
        }
        return all.toByteArray();
    }

    private static byte[] name(String common) {
        byte[] text = der(0x0c, common.getBytes(StandardCharsets.UTF_8));
        return der(0x30, der(0x31, der(0x30, HexFormat.of().parseHex(COMMON_NAME), text)));
    }

    private static byte[] time(Instant at) {
        String text = DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'")
                .withZone(ZoneOffset.UTC)
                .format(at);
        return der(0x18, text.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] der(int tag, byte[]... parts) {
        var content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        int length = content.size();
        var all = new ByteArrayOutputStream();
        all.write(tag);
        if (length < 0x80) {
            all.write(length);
        } else if (length < 0x100) {
            all.write(0x81);
            all.write(length);
        } else {
            all.write(0x82);
            all.write(length >> 8);
            all.write(length);
        }
        all.writeBytes(content.toByteArray());
        return all.toByteArray();
    }
}
