package heddle.bench.run;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Formatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * Draws one figure of all peers, a panel for each scenario: a dot at the median and a line from least to most. Colours
 * follow the reader's light or dark. Written by hand, as the libraries that draw charts need AWT, and that a font
 * library that a JDK without a desktop lacks.
 */
final class Plot {

    private static final int PANELS_A_ROW = 3;
    private static final int NAMES_WIDTH = 120;
    private static final int PANEL_WIDTH = 230;
    private static final int GAP = 26;
    private static final int LINE_HEIGHT = 18;
    private static final int HEAD_HEIGHT = 34;
    private static final int FOOT_HEIGHT = 30;

    private static final String STYLE = """
            <style>
            svg { background: #fff; font: 12px sans-serif; }
            text { fill: #222; } .small { font-size: 10px; fill: #666; }
            .grid { stroke: #ddd; } .other { stroke: #777; fill: #777; } .ours { stroke: #b4430f; fill: #b4430f; }
            @media (prefers-color-scheme: dark) {
            svg { background: #161616; } text { fill: #ddd; } .small { fill: #999; }
            .grid { stroke: #333; } .other { stroke: #999; fill: #999; } .ours { stroke: #f58a4b; fill: #f58a4b; }
            }
            </style>
            """;

    private final String title;
    private final boolean logarithmic;
    private final List<String> peers;
    private final Map<Scenario, Map<String, Turns.Spread>> panels;

    private Plot(
            String title, boolean logarithmic, List<String> peers, Map<Scenario, Map<String, Turns.Spread>> panels) {
        this.title = title;
        this.logarithmic = logarithmic;
        this.peers = peers;
        this.panels = panels;
    }

    /** The plots of some results by the names of their files. */
    static Map<String, String> of(Results results) {
        Map<String, String> plots = new LinkedHashMap<>();
        plots.put(
                "cost.svg",
                plot(
                        results,
                        "Processor time of the server for each request, us",
                        false,
                        turns -> turns.spread(Measurement::cost)));
        plots.put(
                "p99.9.svg",
                plot(results, "Latency, 99.9th percentile, ms", true, turns -> turns.spread(m -> m.p999Nanos() / 1e6)));
        plots.put(
                "fairness.svg",
                plot(
                        results,
                        "Requests of the connection that had fewest, by the mean of all",
                        false,
                        turns -> turns.spread(Measurement::leastShare)));
        return plots;
    }

    private static String plot(
            Results results, String title, boolean logarithmic, Function<Turns, Turns.Spread> figure) {
        Map<Scenario, Map<String, Turns.Spread>> panels = new LinkedHashMap<>();
        for (Scenario scenario : Scenario.ALL) {
            if (scenario.mode() == Scenario.Mode.IDLE) {
                continue;
            }
            Map<String, Turns.Spread> dots = new LinkedHashMap<>();
            for (String peer : results.peers()) {
                List<Measurement> turns = results.turns(scenario.name(), peer);
                if (!turns.isEmpty()) {
                    dots.put(peer, figure.apply(Turns.choose(turns)));
                }
            }
            if (!dots.isEmpty()) {
                panels.put(scenario, dots);
            }
        }
        return new Plot(title, logarithmic, new ArrayList<>(results.peers()), panels).svg();
    }

    private String svg() {
        int rows = (panels.size() + PANELS_A_ROW - 1) / PANELS_A_ROW;
        int panelHeight = HEAD_HEIGHT + peers.size() * LINE_HEIGHT + FOOT_HEIGHT;
        int width = NAMES_WIDTH + PANELS_A_ROW * (PANEL_WIDTH + GAP);
        Formatter svg = new Formatter(Locale.ROOT);
        svg.format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\">%n",
                width, 30 + rows * panelHeight, width);
        svg.format("%s", STYLE);
        svg.format("<title>%s</title>%n<text x=\"8\" y=\"20\" font-weight=\"bold\">%s</text>%n", title, title);
        int number = 0;
        for (Map.Entry<Scenario, Map<String, Turns.Spread>> panel : panels.entrySet()) {
            int column = number % PANELS_A_ROW;
            int top = 30 + number / PANELS_A_ROW * panelHeight;
            if (column == 0) {
                names(svg, top + HEAD_HEIGHT);
            }
            panel(
                    svg,
                    NAMES_WIDTH + column * (PANEL_WIDTH + GAP),
                    top,
                    panel.getKey().name(),
                    panel.getValue());
            number++;
        }
        return svg.format("</svg>%n").toString();
    }

    private void names(Formatter svg, int top) {
        for (int i = 0; i < peers.size(); i++) {
            svg.format(
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n",
                    NAMES_WIDTH - 10, top + i * LINE_HEIGHT + 4, peers.get(i));
        }
    }

    private void panel(Formatter svg, int left, int top, String name, Map<String, Turns.Spread> dots) {
        Axis axis = Axis.of(dots.values(), logarithmic);
        int first = top + HEAD_HEIGHT;
        int bottom = first + (peers.size() - 1) * LINE_HEIGHT + 8;
        svg.format("<text x=\"%d\" y=\"%d\">%s</text>%n", left, top + 18, name);
        for (double mark : axis.marks()) {
            double x = left + axis.at(mark) * PANEL_WIDTH;
            svg.format("<path class=\"grid\" d=\"M%.1f %dV%d\"/>", x, first - 8, bottom);
            svg.format(
                    "<text class=\"small\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                    x, bottom + 12, plain(mark));
        }
        for (int i = 0; i < peers.size(); i++) {
            Turns.Spread dot = dots.get(peers.get(i));
            if (dot == null || Double.isNaN(dot.median())) {
                continue;
            }
            int y = first + i * LINE_HEIGHT;
            svg.format(
                    "<g class=\"%s\"><path d=\"M%.1f %dH%.1f\"/><circle cx=\"%.1f\" cy=\"%d\" r=\"3.5\"/></g>%n",
                    peers.get(i).startsWith("heddle") ? "ours" : "other",
                    left + axis.at(dot.least()) * PANEL_WIDTH,
                    y,
                    left + axis.at(dot.most()) * PANEL_WIDTH,
                    left + axis.at(dot.median()) * PANEL_WIDTH,
                    y);
        }
    }

    /** Where a value stands, and which are written below. */
    record Axis(double start, double end, boolean logarithmic, List<Double> marks) {

        static Axis of(Collection<Turns.Spread> dots, boolean logarithmic) {
            double most = dots.stream()
                    .mapToDouble(Turns.Spread::most)
                    .filter(v -> v > 0)
                    .max()
                    .orElse(1);
            double least = dots.stream()
                    .mapToDouble(Turns.Spread::least)
                    .filter(v -> v > 0)
                    .min()
                    .orElse(most);
            return logarithmic ? logarithmic(least, most) : linear(most);
        }

        /** Ends at the next of 1, 2, 4, 8, 10 times a power of ten: quarters of it are short to write. */
        static Axis linear(double most) {
            double power = Math.pow(10, Math.floor(Math.log10(most)));
            double end = 10 * power;
            for (int factor : new int[] {8, 4, 2, 1}) {
                if (most <= factor * power) {
                    end = factor * power;
                }
            }
            return new Axis(0, end, false, List.of(0.0, end / 4, end / 2, end * 3 / 4, end));
        }

        /** From a power of ten to a power of ten. */
        static Axis logarithmic(double least, double most) {
            int first = (int) Math.floor(Math.log10(least));
            int last = Math.max(first + 1, (int) Math.ceil(Math.log10(most)));
            List<Double> marks = new ArrayList<>();
            for (int power = first; power <= last; power++) {
                marks.add(Math.pow(10, power));
            }
            return new Axis(Math.pow(10, first), Math.pow(10, last), true, marks);
        }

        /** 0 at the start, 1 at the end. */
        double at(double value) {
            if (!logarithmic) {
                return value / end;
            }
            return Math.max(0, Math.log10(value / start) / Math.log10(end / start));
        }
    }

    private static String plain(double value) {
        String text = String.format(Locale.ROOT, "%.4f", value);
        return text.replaceAll("\\.?0+$", "");
    }
}
