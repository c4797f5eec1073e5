package heddle.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads certificates and keys from PEM files (RFC 7468) and says what is wrong with them. */
final class Pem {

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);

    /** A bundle of all authorities of the web has 200 KiB. */
    private static final int BYTES_MAX = 4 << 20;

    private static final int DER_SEQUENCE = 0x30;
    private static final int DER_INTEGER = 0x02;
    private static final int DER_OCTETS = 0x04;

    private Pem() {}

    /** One block of a file. */
    private record Block(String label, String text) {
        byte[] bytes(Path file) throws TlsFileException {
            try {
                return Base64.getMimeDecoder().decode(text);
            } catch (IllegalArgumentException broken) {
                throw new TlsFileException(file, "its " + label + " is no Base64", broken);
            }
        }
    }

    private static List<Block> blocks(Path file) throws TlsFileException {
        String text;
        try {
            if (Files.size(file) > BYTES_MAX) {
                throw new TlsFileException(file, "larger than " + BYTES_MAX + " bytes, so no PEM file");
            }
            text = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (TlsFileException told) {
            throw told;
        } catch (NoSuchFileException missing) {
            throw new TlsFileException(file, "no such file", missing);
        } catch (IOException unreadable) {
            throw new TlsFileException(file, "cannot be read (" + unreadable + ")", unreadable);
        }
        List<Block> blocks = new ArrayList<>();
        Matcher block = BLOCK.matcher(text);
        while (block.find()) {
            blocks.add(new Block(block.group(1), block.group(2)));
        }
        if (blocks.isEmpty()) {
            throw new TlsFileException(
                    file, "no PEM in it: want -----BEGIN ...-----; openssl x509 and pkey make it of DER");
        }
        return blocks;
    }

    /** All certificates of {@code file}, one at least. */
    static List<X509Certificate> certificates(Path file) throws TlsFileException {
        List<X509Certificate> found = new ArrayList<>();
        for (Block block : blocks(file)) {
            if (block.label.equals("CERTIFICATE") || block.label.equals("X509 CERTIFICATE")) {
                try {
                    found.add((X509Certificate) CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(block.bytes(file))));
                } catch (CertificateException broken) {
                    throw new TlsFileException(
                            file,
                            "certificate " + (found.size() + 1) + " cannot be read: " + broken.getMessage(),
                            broken);
                }
            }
        }
        if (found.isEmpty()) {
            throw new TlsFileException(file, "no certificate in it: want -----BEGIN CERTIFICATE-----");
        }
        return found;
    }

    /** A certificate with those that vouch for it, each by the next, all in their time. */
    static List<X509Certificate> chain(Path file) throws TlsFileException {
        List<X509Certificate> chain = certificates(file);
        for (int i = 0; i < chain.size(); i++) {
            X509Certificate one = chain.get(i);
            checkTime(file, one);
            if (i > 0 && !chain.get(i - 1).getIssuerX500Principal().equals(one.getSubjectX500Principal())) {
                throw new TlsFileException(
                        file,
                        "certificate " + (i + 1) + " (" + one.getSubjectX500Principal() + ") did not issue certificate "
                                + i + "; want the server's own first, then its issuer, and so on");
            }
        }
        return chain;
    }

    /** Authorities: of several, those that have expired are left out. */
    static List<X509Certificate> authorities(Path file) throws TlsFileException {
        List<X509Certificate> valid = new ArrayList<>();
        TlsFileException first = null;
        for (X509Certificate one : certificates(file)) {
            try {
                checkTime(file, one);
                valid.add(one);
            } catch (TlsFileException expired) {
                first = first == null ? expired : first;
            }
        }
        if (valid.isEmpty() && first != null) {
            throw first;
        }
        return valid;
    }

    private static void checkTime(Path file, X509Certificate one) throws TlsFileException {
        String name = "the certificate of " + one.getSubjectX500Principal();
        try {
            one.checkValidity();
        } catch (CertificateExpiredException expired) {
            throw new TlsFileException(
                    file, name + " has expired at " + one.getNotAfter().toInstant() + "; renew it", expired);
        } catch (CertificateNotYetValidException early) {
            throw new TlsFileException(
                    file,
                    name + " is not valid before " + one.getNotBefore().toInstant() + "; is the clock right?",
                    early);
        }
    }

    /** The private key in {@code file} that fits {@code certificate}, which is of {@code chainFile}. */
    static PrivateKey key(Path file, X509Certificate certificate, Path chainFile) throws TlsFileException {
        PublicKey wanted = certificate.getPublicKey();
        for (Block block : blocks(file)) {
            byte[] pkcs8;
            switch (block.label) {
                case "PRIVATE KEY" -> pkcs8 = block.bytes(file);
                case "RSA PRIVATE KEY", "EC PRIVATE KEY" -> {
                    if (block.text.contains("ENCRYPTED")) {
                        throw encrypted(file);
                    }
                    String algorithm = block.label.substring(0, block.label.indexOf(' '));
                    if (!algorithm.equals(wanted.getAlgorithm())) {
                        throw mismatch(file, chainFile, null);
                    }
                    pkcs8 = pkcs8Of(block.bytes(file), wanted);
                }
                case "ENCRYPTED PRIVATE KEY" -> throw encrypted(file);
                default -> {
                    continue;
                }
            }
            try {
                PrivateKey key =
                        KeyFactory.getInstance(wanted.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
                if (!fits(key, wanted)) {
                    throw mismatch(file, chainFile, null);
                }
                return key;
            } catch (GeneralSecurityException other) {
                throw mismatch(file, chainFile, other);
            }
        }
        throw new TlsFileException(file, "no private key in it: want -----BEGIN PRIVATE KEY-----");
    }

    private static TlsFileException encrypted(Path file) {
        return new TlsFileException(
                file, "the key is encrypted, which is not supported; openssl pkey -in FILE -out PLAIN decrypts it");
    }

    private static TlsFileException mismatch(Path file, Path chainFile, @Nullable Exception cause) {
        String wrong = "the key does not belong to the first certificate of " + chainFile
                + (cause == null ? "" : " or cannot be read (" + cause.getMessage() + ")");
        return cause == null ? new TlsFileException(file, wrong) : new TlsFileException(file, wrong, cause);
    }

    /** Whether what one signs the other verifies. */
    private static boolean fits(PrivateKey key, PublicKey wanted) throws GeneralSecurityException {
        String algorithm = switch (wanted.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> wanted.getAlgorithm();
        };
        byte[] probe = "heddle".getBytes(StandardCharsets.US_ASCII);
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(probe);
        byte[] signed = signature.sign();
        signature.initVerify(wanted);
        signature.update(probe);
        try {
            return signature.verify(signed);
        } catch (SignatureException other) {
            return false;
        }
    }

    /**
     * PKCS#8 (RFC 5208) around a key of PKCS#1 or SEC 1: version 0, the algorithm as the certificate's public key has
     * it, and the key.
     */
    private static byte[] pkcs8Of(byte[] key, PublicKey wanted) {
        byte[] publicKey = wanted.getEncoded();
        // As RFC 5280, 4.1, has it: a sequence, whose first element is the algorithm's.
        int start = 2 + (publicKey[1] < 0 ? publicKey[1] & 0x7f : 0);
        int length = publicKey[start + 1];
        byte[] algorithm = Arrays.copyOfRange(publicKey, start, start + 2 + length);
        var inner = new ByteArrayOutputStream();
        inner.writeBytes(new byte[] {DER_INTEGER, 1, 0});
        inner.writeBytes(algorithm);
        inner.writeBytes(der(DER_OCTETS, key));
        return der(DER_SEQUENCE, inner.toByteArray());
    }

    private static byte[] der(int tag, byte[] content) {
        var all = new ByteArrayOutputStream();
        all.write(tag);
        int length = content.length;
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
        all.writeBytes(content);
        return all.toByteArray();
    }
}
