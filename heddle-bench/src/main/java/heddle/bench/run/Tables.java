package heddle.bench.run;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.ToDoubleFunction;

/** Results as Markdown, a table for each scenario. */
final class Tables {

    private static final String LEGEND = """

            Each figure is the median of the rounds that others did not disturb, with the least and most of them. The ratio is taken pair \
            by pair, within each round. Least and most are requests of the connection (or writer) that had fewest and most, by the mean of \
            all. Busy is how many processors the server used. Marks: ~ others disturbed these rounds too; ! a wrong byte or a broken \
            connection; ? messages that nobody answered, whose age counts as their latency; < the load itself was at its limit, so a peer \
            may do more requests than it shows; > the load sent late by a tenth of p99 or more, so latencies are partly its own; * fewer than \
            three requests for each connection, so cost and fairness say little.
            """;

    private final Results results;
    private final StringBuilder text = new StringBuilder();

    private Tables(Results results) {
        this.results = results;
    }

    /** All of it. */
    static String of(Results results) {
        Tables tables = new Tables(results);
        tables.about();
        for (Scenario scenario : Scenario.ALL) {
            tables.scenario(scenario);
        }
        return tables.text.toString();
    }

    private void about() {
        results.about()
                .forEach((name, value) -> text.append("- ")
                        .append(name)
                        .append(": ")
                        .append(value)
                        .append('\n'));
        results.leftOut()
                .forEach(line -> text.append("- left out: ")
                        .append(line.replace('\n', ' '))
                        .append('\n'));
        text.append(LEGEND);
    }

    private void scenario(Scenario scenario) {
        Map<String, Turns> rows = new LinkedHashMap<>();
        for (String peer : results.peers()) {
            List<Measurement> all = results.turns(scenario.name(), peer);
            if (!all.isEmpty()) {
                rows.put(peer, Turns.choose(all));
            }
        }
        if (rows.isEmpty()) {
            return;
        }
        text.append("\n#### ").append(scenario.name()).append("\n\n").append(scenario.describe());
        double rate = rows.values().iterator().next().kept().getFirst().ratePerSecond();
        if (rate > 0) {
            text.append(String.format(Locale.ROOT, ": %,.0f a second", rate));
        }
        text.append(".");
        switch (scenario.mode()) {
            case UP, DOWN, RELAY -> text.append(" Latencies are the gaps between a connection's blocks.");
            case WRITERS ->
                text.append(" Latencies are the gaps between a writer's messages as they arrive:"
                        + " those that one read brings have none.");
            case ECHO, CHURN, IDLE -> {}
        }
        text.append("\n\n");
        if (scenario.mode() == Scenario.Mode.IDLE) {
            idle(rows);
        } else {
            figures(scenario, rows);
        }
        calls(scenario);
    }

    private void figures(Scenario scenario, Map<String, Turns> rows) {
        Turns reference = rows.get(Peer.REFERENCE);
        String unit = scenario.unit();
        header(
                "server",
                "rounds",
                "us a " + unit,
                "by " + Peer.REFERENCE,
                unit + "s/s",
                "p50 ms",
                "p99 ms",
                "p99.9 ms",
                "least",
                "most",
                "switches",
                "busy",
                "MiB");
        rows.forEach((peer, turns) -> row(
                peer,
                rounds(scenario, turns),
                both(turns, Measurement::cost),
                reference == null ? "-" : fixed(turns.ratio(Measurement::cost, reference.kept())),
                median(turns, Measurement::perSecond, "%,.0f"),
                median(turns, m -> m.p50Nanos() / 1e6),
                both(turns, m -> m.p99Nanos() / 1e6),
                both(turns, m -> m.p999Nanos() / 1e6),
                fixed(turns.spread(Measurement::leastShare)),
                median(turns, Measurement::mostShare, "%.2f"),
                median(turns, Measurement::switches, "%.2f"),
                median(turns, Measurement::serverBusy, "%.2f"),
                median(turns, m -> m.rssKib() / 1024.0, "%.0f")));
        rows.forEach(this::notes);
    }

    /** What must not be overlooked. */
    private void notes(String peer, Turns turns) {
        for (Measurement turn : turns.kept()) {
            if (turn.isBad()) {
                text.append(String.format(
                        Locale.ROOT,
                        "%n%s, round %d: %d broken connections, %d wrong answers; the first: %s%n",
                        peer,
                        turn.round(),
                        turn.failed(),
                        turn.wrong(),
                        turn.failure()));
            }
        }
    }

    private static String rounds(Scenario scenario, Turns turns) {
        String marks = turns.disturbed() ? "~" : "";
        if (turns.kept().stream().anyMatch(Measurement::isBad)) {
            marks += "!";
        }
        if (turns.kept().stream().anyMatch(m -> m.unanswered() > 0)) {
            marks += "?";
        }
        if (scenario.ratePercent() == 0 && turns.kept().stream().anyMatch(m -> m.loadBusy() > 0.95)) {
            marks += "<";
        }
        if (turns.kept().stream().anyMatch(Measurement::isSentLate)) {
            marks += ">";
        }
        if (turns.kept().stream().anyMatch(Measurement::isShort)) {
            marks += "*";
        }
        return turns.kept().size() + "/" + turns.all() + marks;
    }

    private void idle(Map<String, Turns> rows) {
        header(
                "server",
                "rounds",
                "resident bytes each, before a message",
                "after it",
                "live heap bytes each, before",
                "after",
                "threads");
        rows.forEach((peer, turns) -> row(
                peer,
                turns.kept().size() + "/" + turns.all(),
                idle(turns, Measurement.Idle::residentBefore),
                idle(turns, Measurement.Idle::residentAfter),
                idle(turns, Measurement.Idle::heapBefore),
                idle(turns, Measurement.Idle::heapAfter),
                idle(turns, Measurement.Idle::threads)));
    }

    private static String idle(Turns turns, ToDoubleFunction<Measurement.Idle> figure) {
        Turns.Spread spread = turns.spread(m -> m.idle() == null ? Double.NaN : figure.applyAsDouble(m.idle()));
        return spread.median() == 0 ? "-" : number(spread.median(), "%.0f");
    }

    private void calls(Scenario scenario) {
        List<Calls> counted = results.calls().stream()
                .filter(c -> c.scenario().equals(scenario.name()))
                .toList();
        if (counted.isEmpty()) {
            return;
        }
        text.append("\nSystem calls for each ").append(scenario.unit()).append(":\n\n");
        for (Calls calls : counted) {
            StringJoiner names = new StringJoiner(", ");
            calls.byName().entrySet().stream()
                    .filter(e -> !e.getKey().equals(Calls.ALL) && e.getValue() >= 0.005)
                    .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                    .forEach(e -> names.add(e.getKey() + " " + number(e.getValue(), "%.2f")));
            double all = calls.byName().getOrDefault(Calls.ALL, Double.NaN);
            text.append("- ")
                    .append(calls.peer())
                    .append(": ")
                    .append(number(all, "%.2f"))
                    .append(" (")
                    .append(names)
                    .append(")\n");
        }
    }

    private void header(String... titles) {
        row(titles);
        row(Collections.nCopies(titles.length, "---").toArray(String[]::new));
    }

    private void row(String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private static String both(Turns turns, ToDoubleFunction<Measurement> figure) {
        Turns.Spread spread = turns.spread(figure);
        return significant(spread.median())
                + " ("
                + significant(spread.least())
                + "-"
                + significant(spread.most())
                + ")";
    }

    private static String fixed(Turns.Spread spread) {
        return String.format(
                Locale.ROOT,
                "%s (%s-%s)",
                number(spread.median(), "%.2f"),
                number(spread.least(), "%.2f"),
                number(spread.most(), "%.2f"));
    }

    private static String median(Turns turns, ToDoubleFunction<Measurement> figure) {
        return significant(turns.spread(figure).median());
    }

    private static String median(Turns turns, ToDoubleFunction<Measurement> figure, String format) {
        return number(turns.spread(figure).median(), format);
    }

    private static String number(double value, String format) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
    }

    /** Three digits, as the histograms have. */
    static String significant(double value) {
        if (Double.isNaN(value)) {
            return "-";
        }
        if (value == 0) {
            return "0";
        }
        int before = (int) Math.floor(Math.log10(Math.abs(value))) + 1;
        return String.format(Locale.ROOT, "%." + Math.max(0, 3 - before) + "f", value);
    }

    /** A turn, for those who wait. */
    static String line(Measurement turn) {
        String marks = turn.others() > Turns.OTHERS_MAX ? " (others disturbed it)" : "";
        if (turn.isBad()) {
            marks += " " + turn.failure();
        }
        if (turn.idle() != null) {
            return String.format(
                    Locale.ROOT,
                    "round %d  %-18s %-16s %s%s",
                    turn.round(),
                    turn.scenario(),
                    turn.peer(),
                    turn.idle(),
                    marks);
        }
        return String.format(
                Locale.ROOT,
                "round %d  %-18s %-16s %7s us each, %,9.0f/s, p99 %7s ms, least %.2f, others %.2f%s",
                turn.round(),
                turn.scenario(),
                turn.peer(),
                significant(turn.cost()),
                turn.perSecond(),
                significant(turn.p99Nanos() / 1e6),
                turn.leastShare(),
                turn.others(),
                marks);
    }
}
