package heddle.lab;

import java.util.ArrayList;
import java.util.List;

/** Two runs of a situation beside each other, what both did in the same line. */
final class Columns {

    private static final int LEFT_WIDTH = 72;

    /** Calls alike, one after the other. */
    record Entry(Call call, int alike) {
        String key() {
            String name = call.name();
            return call.side() + ' ' + (name.indexOf(':') < 0 ? name : call.verb());
        }

        String line() {
            return "%11s %-8s %-19s %s%s"
                    .formatted(
                            Numbers.millis(call.endNanos()),
                            call.side(),
                            name(),
                            call.outcomeInShort(),
                            alike > 0 ? " (and " + alike + " alike)" : "");
        }

        private String name() {
            int network = call.name().indexOf(" tcp ");
            return network < 0 ? call.name() : call.name().substring(0, network);
        }
    }

    private Columns() {}

    static List<String> of(Trace left, Trace right) {
        List<Entry> ours = entries(left);
        List<Entry> theirs = entries(right);
        int[][] common = commonAfter(ours, theirs);
        List<String> lines = new ArrayList<>();
        lines.add(pair("Heddle", "Go"));
        int i = 0;
        int j = 0;
        while (i < ours.size() || j < theirs.size()) {
            boolean both = i < ours.size()
                    && j < theirs.size()
                    && ours.get(i).key().equals(theirs.get(j).key());
            if (both) {
                lines.add(pair(ours.get(i++).line(), theirs.get(j++).line()));
            } else if (j == theirs.size() || (i < ours.size() && common[i + 1][j] >= common[i][j + 1])) {
                lines.add(pair(ours.get(i++).line(), ""));
            } else {
                lines.add(pair("", theirs.get(j++).line()));
            }
        }
        return lines;
    }

    private static String pair(String left, String right) {
        return ("  %-" + LEFT_WIDTH + "s | %s").formatted(left, right).stripTrailing();
    }

    static List<Entry> entries(Trace trace) {
        List<Entry> entries = new ArrayList<>();
        for (Call call : trace.calls()) {
            Entry last = entries.isEmpty() ? null : entries.getLast();
            if (last != null && last.call.isLike(call)) {
                entries.set(entries.size() - 1, new Entry(last.call, last.alike + 1));
            } else {
                entries.add(new Entry(call, 0));
            }
        }
        return entries;
    }

    /** The length of the longest common subsequence of what follows from i and from j. */
    private static int[][] commonAfter(List<Entry> left, List<Entry> right) {
        int[][] common = new int[left.size() + 1][right.size() + 1];
        for (int i = left.size() - 1; i >= 0; i--) {
            for (int j = right.size() - 1; j >= 0; j--) {
                common[i][j] = left.get(i).key().equals(right.get(j).key())
                        ? common[i + 1][j + 1] + 1
                        : Math.max(common[i + 1][j], common[i][j + 1]);
            }
        }
        return common;
    }
}
