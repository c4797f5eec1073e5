package heddle.gateway.access;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which tokens let which names in. Immutable. Keeps the SHA-256 of a token and not the token.
 *
 * <p>Who looks compares with every token that is listed for the name, each in constant time, so that the time tells
 * nothing of a token. It does tell how many are listed for that name.
 */
public final class Tokens {

    private static final System.Logger LOG = System.getLogger("heddle.gateway");

    /** No tokens: none is wanted. */
    public static final Tokens NONE = new Tokens(Map.of(), List.of());

    /** Longest token in bytes; a longer one is wrong, and is not looked at. */
    public static final int BYTES_MAX = 1024;

    private static final String ANY = "*";
    private static final String HASHED = "sha256:";
    private static final Pattern SPACE = Pattern.compile("[ \\t]+");
    private static final Pattern HASH = Pattern.compile("[0-9a-fA-F]{64}");

    /** Shorter ones can be guessed. */
    private static final int BYTES_SAFE = 16;

    private static final Set<PosixFilePermission> RIGHTS = PosixFilePermissions.fromString("rw-r-----");

    /** What is compared with where nothing is listed, so that it takes as long. */
    private static final byte[] NOBODYS = new byte[32];

    private final Map<String, List<byte[]>> byName;
    private final List<Prefix> byPrefix;

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Prefix(String start, byte[] hash) {}

    private Tokens(Map<String, List<byte[]>> byName, List<Prefix> byPrefix) {
        this.byName = byName;
        this.byPrefix = byPrefix;
    }

    /**
     * One token that lets in under every name.
     *
     * @param token the secret
     * @return the tokens
     * @throws IllegalArgumentException it is longer than {@link #BYTES_MAX}
     */
    public static Tokens any(String token) {
        byte[] bytes = token.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > BYTES_MAX) {
            throw new IllegalArgumentException("a token of " + bytes.length + " bytes: want " + BYTES_MAX + " at most");
        }
        return new Tokens(Map.of(), List.of(new Prefix("", hash(bytes))));
    }

    /**
     * Reads a file of lines {@code NAME TOKEN}. {@code #} begins a comment line, {@code NAME*} is every name that
     * begins so, {@code *} every name. {@code sha256:} and 64 hexadecimal digits stand for the token of that hash. A
     * name may have several. Warns in the log of a token that is short, and of a file that others may read.
     *
     * @param file the file
     * @return its tokens
     * @throws IOException it cannot be read, or a line is malformed; the message has file, line and what is allowed
     */
    public static Tokens read(Path file) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (NoSuchFileException none) {
            throw new IOException(file + ": there is no such file", none);
        } catch (CharacterCodingException foreign) {
            throw new IOException(file + ": is not UTF-8", foreign);
        }
        warnOfRights(file);
        Map<String, List<byte[]>> byName = new HashMap<>();
        List<Prefix> byPrefix = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            String place = file + ":" + (i + 1) + ": ";
            String[] parts = SPACE.split(line, -1);
            if (parts.length != 2) {
                throw new IOException(place + "want a client's name and its token, with a space between");
            }
            byte[] hash = hashOf(parts[1], place);
            int star = parts[0].indexOf(ANY);
            if (star < 0) {
                byName.computeIfAbsent(parts[0], _ -> new ArrayList<>(1)).add(hash);
            } else if (star == parts[0].length() - 1) {
                byPrefix.add(new Prefix(parts[0].substring(0, star), hash));
            } else {
                throw new IOException(place + "'" + parts[0] + "': want the * at the end of a name, or alone");
            }
        }
        if (byName.isEmpty() && byPrefix.isEmpty()) {
            throw new IOException(file + ": lists no token; want lines of a client's name and its token");
        }
        return new Tokens(byName, byPrefix);
    }

    private static byte[] hashOf(String token, String place) throws IOException {
        if (token.startsWith(HASHED)) {
            String hex = token.substring(HASHED.length());
            if (!HASH.matcher(hex).matches()) {
                throw new IOException(place + "want 64 hexadecimal digits behind sha256:");
            }
            return HexFormat.of().parseHex(hex);
        }
        byte[] bytes = token.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > BYTES_MAX) {
            throw new IOException(place + "a token of " + bytes.length + " bytes; want " + BYTES_MAX + " at most");
        }
        if (bytes.length < BYTES_SAFE) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0}a token of {1} bytes can be guessed; take one of chance, as openssl rand -hex 32 makes it",
                    place,
                    bytes.length);
        }
        return hash(bytes);
    }

    /**
     * Warns in the log of a file of secrets that others than its owner and group may read or change.
     *
     * @param file the file
     * @throws IOException its rights cannot be read
     */
    public static void warnOfRights(Path file) throws IOException {
        if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            var rights = Files.getPosixFilePermissions(file);
            if (!RIGHTS.containsAll(rights)) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "{0}: others than its owner and group may read or change it ({1}); chmod 640",
                        file,
                        PosixFilePermissions.toString(rights));
            }
        }
    }

    /**
     * What of a token is kept and compared.
     *
     * @param token the secret's bytes
     * @return its SHA-256
     */
    public static byte[] hash(byte[] token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token);
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible); // Every JDK has it, MessageDigest says.
        }
    }

    /**
     * These and others.
     *
     * @param more the others
     * @return all of them
     */
    public Tokens and(Tokens more) {
        Map<String, List<byte[]>> names = new HashMap<>();
        List.of(this, more)
                .forEach(one -> one.byName.forEach((name, hashes) ->
                        names.computeIfAbsent(name, _ -> new ArrayList<>()).addAll(hashes)));
        List<Prefix> prefixes = new ArrayList<>(byPrefix);
        prefixes.addAll(more.byPrefix);
        return new Tokens(names, prefixes);
    }

    /**
     * Whether there is none, so that none is wanted.
     *
     * @return true if so
     */
    public boolean isEmpty() {
        return byName.isEmpty() && byPrefix.isEmpty();
    }

    /**
     * Whether a token is listed for a name.
     *
     * @param name the client's
     * @param hash the token's {@link #hash}, null if the client sent none
     * @return true if it is
     */
    @SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
    public boolean know(String name, byte @Nullable [] hash) {
        if (hash == null) {
            return false;
        }
        boolean known = false;
        for (byte[] listed : byName.getOrDefault(name, List.of(NOBODYS))) {
            known |= MessageDigest.isEqual(listed, hash);
        }
        for (Prefix one : byPrefix) {
            known |= name.startsWith(one.start) && MessageDigest.isEqual(one.hash, hash);
        }
        return known;
    }
}
