package heddle.lab;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** All results as one page that needs nothing but itself. */
final class Report {

    private static final Map<Character, String> FAMILIES = families();

    private static final DateTimeFormatter WHEN = DateTimeFormatter.ofPattern(
                    "d MMMM uuuu, HH:mm 'UTC'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private final List<Laboratory.Result> results;
    private final String way;
    private final String goVersion;
    private final Instant now;

    /** Of {@code results}, got in {@code way}; {@code goVersion} is "" if Go did not run. */
    Report(List<Laboratory.Result> results, String way, String goVersion, Instant now) {
        this.results = results;
        this.way = way;
        this.goVersion = goVersion;
        this.now = now;
    }

    private static Map<Character, String> families() {
        Map<Character, String> names = new LinkedHashMap<>();
        names.put('S', "Setting up");
        names.put('R', "Reading");
        names.put('W', "Writing");
        names.put('C', "Sharing a connection");
        names.put('E', "Closing");
        names.put('P', "The netpoller");
        return names;
    }

    String html() throws IOException {
        return """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>heddle lab: %s</title>
        <style>
        %s
        %s
        </style>
        </head>
        <body>
        <a class="skip" href="#results">To the results</a>
        <div class="page">
        %s
        <main id="results">
        %s
        </main>
        %s
        </div>
        <script>
        %s
        </script>
        <script>
        %s
        </script>
        </body>
        </html>
        """.formatted(
                        Html.escape(summary()),
                        resource("uplot/uPlot.min.css"),
                        resource("report.css"),
                        head(),
                        families(this::family),
                        footer(),
                        resource("uplot/uPlot.iife.min.js"),
                        resource("report.js"));
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Report.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private long count(Run.Verdict verdict) {
        return results.stream()
                .filter(result -> result.heddle().verdict() == verdict)
                .count();
    }

    private String summary() {
        return "%d of %d seen".formatted(count(Run.Verdict.SEEN), results.size());
    }

    // --- The head.

    private String head() {
        StringBuilder tally = new StringBuilder();
        for (Run.Verdict verdict : Run.Verdict.values()) {
            long count = count(verdict);
            if (count > 0) {
                tally.append("<li class=\"%s\"><b>%d</b>%s</li>"
                        .formatted(style(verdict), count, verdict.label.toLowerCase(Locale.ROOT)));
            }
        }
        return """
        <header>
        <p class="eyebrow">heddle lab</p>
        <h1>What happened to connections on this machine</h1>
        <p class="lead">Each situation was played on real sockets. The bars are the calls of the two sides; the areas are the bytes \
        that the two kernels held meanwhile: sent and not yet acknowledged at the sender, arrived and not yet read at the receiver. Below stands what had to be seen, and whether it was.</p>
        <dl class="facts">%s</dl>
        </header>
        <nav class="overview" aria-label="Situations">
        <ul class="tally">%s</ul>
        <div class="families">%s</div>
        </nav>
        """.formatted(facts(), tally, families(this::chips));
    }

    private String facts() {
        StringBuilder facts = new StringBuilder();
        Map<String, String> all = new LinkedHashMap<>();
        all.put(
                "System",
                "%s %s, %s, %d processors"
                        .formatted(
                                System.getProperty("os.name"),
                                System.getProperty("os.version"),
                                System.getProperty("os.arch"),
                                Runtime.getRuntime().availableProcessors()));
        all.put("Java", Runtime.version().toString());
        all.put("Heddle runs on", way);
        if (!goVersion.isEmpty()) {
            all.put("Beside it", goVersion);
        }
        all.put("Played", WHEN.format(now));
        all.forEach((name, value) ->
                facts.append("<div><dt>%s</dt><dd>%s</dd></div>".formatted(Html.escape(name), Html.escape(value))));
        return facts.toString();
    }

    @FunctionalInterface
    private interface FamilyPart {
        String of(String name, List<Laboratory.Result> members);
    }

    private String families(FamilyPart part) {
        StringBuilder all = new StringBuilder();
        FAMILIES.forEach((letter, name) -> {
            List<Laboratory.Result> members = results.stream()
                    .filter(result -> result.heddle().situation().id().charAt(0) == letter)
                    .toList();
            if (!members.isEmpty()) {
                all.append(part.of(name, members));
            }
        });
        return all.toString();
    }

    private String chips(String name, List<Laboratory.Result> members) {
        StringBuilder chips = new StringBuilder();
        for (Laboratory.Result result : members) {
            Run run = result.heddle();
            chips.append("<li><a href=\"#%s\">%s <span class=\"mark %s\" title=\"%s\">%s</span></a></li>"
                    .formatted(
                            run.situation().id(),
                            run.situation().id(),
                            style(run.verdict()),
                            run.verdict().label,
                            mark(run.verdict())));
        }
        return "<div><p>%s</p><ul class=\"chips\">%s</ul></div>".formatted(name, chips);
    }

    private static String style(Run.Verdict verdict) {
        return switch (verdict) {
            case SEEN -> "v-seen";
            case NOT_SEEN -> "v-missed";
            case NOT_HERE -> "v-nothere";
            case SKIPPED -> "v-skipped";
        };
    }

    /** A sign beside the colour, for those who do not see it. */
    private static String mark(Run.Verdict verdict) {
        return switch (verdict) {
            case SEEN -> "\u2713";
            case NOT_SEEN -> "\u2717";
            case NOT_HERE -> "\u25cb";
            case SKIPPED -> "\u2013";
        };
    }

    // --- The situations.

    private String family(String name, List<Laboratory.Result> members) {
        StringBuilder cards = new StringBuilder();
        members.forEach(result -> cards.append(card(result)));
        return "<section><h2>%s</h2>%s</section>".formatted(name, cards);
    }

    private static String card(Laboratory.Result result) {
        Run run = result.heddle();
        Situation situation = run.situation();
        return """
        <article class="card" id="%s">
        <header><span class="id">%s</span><h3>%s</h3><span class="verdict %s">%s %s</span></header>
        <p class="look"><b>Look for:</b> %s</p>
        %s
        <div class="more">
        <details><summary>What the kernel does, and why</summary><p>%s</p></details>
        %s
        %s
        </div>
        </article>
        """.formatted(
                        situation.id(),
                        situation.id(),
                        Html.escape(situation.title()),
                        style(run.verdict()),
                        mark(run.verdict()),
                        run.verdict().label,
                        Html.escape(situation.lookFor()),
                        run.verdict() == Run.Verdict.SKIPPED
                                ? "<p class=\"look\">Skipped: %s.</p>".formatted(Html.escape(run.reason()))
                                : plays(run, result.go()),
                        Html.escape(situation.explanation()),
                        limits(situation),
                        run.verdict() == Run.Verdict.SKIPPED ? "" : tables(run, result.go()));
    }

    private static String plays(Run heddle, @Nullable Run go) {
        if (go == null) {
            return "<div class=\"plays\">%s</div>%s".formatted(figure("Heddle", heddle), sights(heddle));
        }
        return "<div class=\"plays two\"><div>%s%s</div><div>%s%s</div></div>"
                .formatted(figure("Heddle", heddle), sights(heddle), figure("Go", go), sights(go));
    }

    private static String figure(String name, Run run) {
        Drawing drawing = new Drawing(run.trace());
        StringBuilder legend = new StringBuilder();
        boolean failures = run.trace().calls().stream().anyMatch(Call::failed);
        for (Drawing.Kind kind : drawing.kinds()) {
            legend.append("<li><i style=\"--swatch:var(--%s)\"></i>%s</li>".formatted(kind.name(), kind.label));
        }
        if (failures) {
            legend.append("<li><i class=\"failed\"></i>failed</li>");
        }
        String note = drawing.hasHeld() ? """
                        <p class="axis-note">Held, %s: <span><i style="--swatch:var(--sender)"></i>sender's kernel</span> \
                        <span><i style="--swatch:var(--receiver)"></i>receiver's kernel</span></p>
                        """.formatted(drawing.flow()) : "";
        return """
        <figure class="play" data-name="%s in %s">
        <figcaption>%s<ul class="legend">%s</ul></figcaption>
        <div class="drawing"></div>
        %s
        <script type="application/json">%s</script>
        </figure>
        """.formatted(run.situation().id(), name, name, legend, note, drawing.json());
    }

    private static String sights(Run run) {
        StringBuilder items = new StringBuilder();
        for (Sights.Sight sight : run.sights().all()) {
            String style = switch (sight.kind()) {
                case SEEN -> "v-seen";
                case NOT_SEEN -> "v-missed";
                case NOT_HERE -> "v-nothere";
                case NOTE -> "v-note";
            };
            String sign = switch (sight.kind()) {
                case SEEN -> "<span class=\"mark %s\" role=\"img\" aria-label=\"seen\">\u2713</span>";
                case NOT_SEEN -> "<span class=\"mark %s\" role=\"img\" aria-label=\"not seen\">\u2717</span>";
                case NOT_HERE -> "<span class=\"mark %s\" role=\"img\" aria-label=\"not promised here\">\u25cb</span>";
                case NOTE -> "<span class=\"mark %s\" role=\"img\" aria-label=\"note\">\u2192</span>";
            };
            items.append("<li>%s<span>%s</span></li>".formatted(sign.formatted(style), Html.escape(sight.text())));
        }
        return "<ul class=\"sights\">%s</ul>".formatted(items);
    }

    private static String limits(Situation situation) {
        if (situation.limits().isEmpty()) {
            return "";
        }
        StringBuilder rows = new StringBuilder();
        for (String name : situation.limits()) {
            rows.append("<tr><td><code>%s</code></td><td><code>%s</code></td></tr>"
                    .formatted(Html.escape(name), Html.escape(SystemLimits.value(name))));
        }
        return """
        <details><summary>Limits of this system that shape it</summary>
        <table><thead><tr><th scope="col">Setting</th><th scope="col">Here</th></tr></thead><tbody>%s</tbody></table></details>
        """.formatted(rows);
    }

    private static String tables(Run heddle, @Nullable Run go) {
        return table("Heddle", heddle) + (go == null ? "" : table("Go", go));
    }

    private static String table(String name, Run run) {
        StringBuilder rows = new StringBuilder();
        List<Columns.Entry> entries = Columns.entries(run.trace());
        for (Columns.Entry entry : entries) {
            Call call = entry.call();
            rows.append("""
                    <tr><td class="n">%s</td><td class="n optional">%s</td><td class="s">%s</td><td><code>%s</code></td><td>%s%s</td></tr>
                    """.formatted(
                            Numbers.millis(call.beginNanos()),
                            Numbers.millis(call.nanos()),
                            Html.escape(call.side()),
                            Html.escape(call.name()),
                            Html.escape(call.outcome()),
                            entry.alike() > 0 ? " (and %d alike)".formatted(entry.alike()) : ""));
        }
        String description = new Drawing(run.trace()).description();
        return """
        <details><summary>Every call in %s</summary>%s
        <table><thead><tr><th scope="col" class="n">at, ms</th><th scope="col" class="n optional">took, ms</th>\
        <th scope="col" class="s">side</th><th scope="col">call</th><th scope="col">what came of it</th></tr></thead>
        <tbody>%s</tbody></table></details>
        """.formatted(name, description.isEmpty() ? "" : "<p>" + Html.escape(description) + "</p>", rows);
    }

    private static String footer() throws IOException {
        return """
        <footer><p>Made by <code>heddle lab run --report</code>. The charts are drawn by uPlot, whose code is in this page.</p>
        <details><summary>Licence of uPlot</summary><pre>%s</pre></details></footer>
        """.formatted(Html.escape(resource("uplot/LICENSE")));
    }
}
