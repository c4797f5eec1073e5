package heddle.bench.peer;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a server does with its connections. Its name in lower case is the first argument of every server. */
public enum Role {
    /** Sends back what comes. */
    ECHO,
    /** The same; each read has a deadline 5 s ahead, after which the connection is closed. */
    DEADLINE,
    /** Reads to the end of the stream, sends how many bytes came (8 bytes, big-endian) and closes. */
    UP,
    /** Sends {@link Wire#block blocks} without end once a byte has come. */
    DOWN,
    /** Joins its connections two by two, in the order in which they come: what the first sends goes to the second. */
    RELAY,
    /** Has {@link Wire#WRITERS} threads write {@link Wire#message messages} to each connection without end. */
    WRITERS,
    /** ECHO, beside as many threads of the same scheduler as it has processors, which compute without end. */
    BUSY,
    /** ECHO, beside twice as many threads, which compute 5 ms and then yield, again and again. */
    TASKS;

    /** As arguments have it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The role of that word. */
    public static Optional<Role> of(String word) {
        return Arrays.stream(values()).filter(role -> role.word().equals(word)).findFirst();
    }
}
