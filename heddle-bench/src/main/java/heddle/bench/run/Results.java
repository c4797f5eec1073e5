package heddle.bench.run;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * All that a run of the bench has to say, as the file has it.
 *
 * @param about machine, versions and settings by their names
 * @param leftOut peers and scenarios that were asked for and did not run, with the reason
 * @param turns each turn of each peer
 * @param calls system calls
 */
record Results(Map<String, String> about, List<String> leftOut, List<Measurement> turns, List<Calls> calls) {

    private static final ObjectMapper JSON = JsonMapper.builder().build();

    static Results read(Path file) throws IOException {
        return JSON.readValue(file.toFile(), Results.class);
    }

    /** As if {@code runs} had been one: the rounds of a run come behind those of the one before it. */
    static Results joined(List<Results> runs) {
        Map<String, Set<String>> about = new LinkedHashMap<>();
        Set<String> leftOut = new LinkedHashSet<>();
        List<Measurement> turns = new ArrayList<>();
        List<Calls> calls = new ArrayList<>();
        int rounds = 0;
        for (Results run : runs) {
            run.about.forEach((name, value) -> about.computeIfAbsent(name, ignored -> new LinkedHashSet<>())
                    .add(value));
            leftOut.addAll(run.leftOut);
            int before = rounds;
            for (Measurement turn : run.turns) {
                turns.add(turn.asRound(before + turn.round()));
                rounds = Math.max(rounds, before + turn.round());
            }
            calls.addAll(run.calls);
        }
        Map<String, String> texts = new LinkedHashMap<>();
        about.forEach((name, values) -> texts.put(name, String.join("; ", values)));
        return new Results(texts, List.copyOf(leftOut), turns, calls);
    }

    /** Replaces the file at once, so that there is always a whole one. */
    void write(Path file) throws IOException {
        Path aside = file.resolveSibling(file.getFileName() + ".part");
        ObjectWriter writer =
                JSON.writer(new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter(" ", "\n")));
        Files.writeString(aside, writer.writeValueAsString(this) + "\n");
        Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
    }

    /** The peers that have turns, in the order of their first one. */
    Set<String> peers() {
        Set<String> names = new LinkedHashSet<>();
        turns.forEach(turn -> names.add(turn.peer()));
        return names;
    }

    /** The turns of one peer in one scenario. */
    List<Measurement> turns(String scenario, String peer) {
        return turns.stream()
                .filter(turn -> turn.scenario().equals(scenario) && turn.peer().equals(peer))
                .toList();
    }
}
