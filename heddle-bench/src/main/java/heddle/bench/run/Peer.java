package heddle.bench.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A kind of server: a line of peers.conf.
 *
 * @param without words of {@link Scenario#demands} that it does not serve; {@code default} if it runs only when named
 * @param command its words; those in braces are filled in by {@link #command(Map)}
 */
record Peer(String name, Set<String> without, List<String> command) {

    /** The peer that all others are compared with. */
    static final String REFERENCE = "c-epoll";

    /** Reads peers.conf: {@code NAME [without=WORD,...]: COMMAND} each line; lines that begin with # are comments. */
    static List<Peer> parse(List<String> lines) {
        List<Peer> peers = new ArrayList<>();
        for (String line : lines) {
            if (!line.isBlank() && !line.startsWith("#")) {
                peers.add(parse(line));
            }
        }
        return peers;
    }

    private static Peer parse(String line) {
        int colon = line.indexOf(": ");
        if (colon < 0) {
            throw new IllegalArgumentException("peers.conf: no colon after the name: " + line);
        }
        String[] head = line.substring(0, colon).split(" +", -1);
        Set<String> without = Set.of();
        if (head.length == 2 && head[1].startsWith("without=")) {
            without = Set.of(head[1].substring("without=".length()).split(",", -1));
        } else if (head.length != 1) {
            throw new IllegalArgumentException("peers.conf: want NAME [without=WORD,...]: COMMAND, have " + line);
        }
        return new Peer(
                head[0], without, List.of(line.substring(colon + 2).trim().split(" +", -1)));
    }

    boolean serves(Scenario scenario) {
        return scenario.demands().stream().noneMatch(without::contains);
    }

    /** Whether it runs where nobody names peers. */
    boolean runsByDefault() {
        return !without.contains("default");
    }

    boolean isJava() {
        return command.contains("{java}");
    }

    /** The command with each word in braces replaced by those that {@code values} has for it, parts of words too. */
    List<String> command(Map<String, List<String>> values) {
        List<String> words = new ArrayList<>();
        for (String word : command) {
            List<String> whole = word.startsWith("{") && word.endsWith("}")
                    ? values.get(word.substring(1, word.length() - 1))
                    : null;
            if (whole != null) {
                words.addAll(whole);
                continue;
            }
            String filled = word;
            for (Map.Entry<String, List<String>> value : values.entrySet()) {
                filled = filled.replace("{" + value.getKey() + "}", String.join(" ", value.getValue()));
            }
            words.add(filled);
        }
        return words;
    }
}
