package heddle.lab;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A run as lines for a terminal: time in milliseconds, side, call, what came of it. Any thread. */
final class Log implements Progress {

    private static final int TEXT_WIDTH = 100;

    private final PrintWriter out;
    private final ReentrantLock lock = new ReentrantLock();

    /** The last call, and how many like it came since; guarded by lock. */
    private @Nullable Call last;

    private int alike;
    private long alikeEndNanos;

    Log(PrintWriter out) {
        this.out = out;
    }

    private void print(String line) {
        lock.lock();
        try {
            tellAlike();
            out.println(line.stripTrailing());
            out.flush();
        } finally {
            lock.unlock();
        }
    }

    private void tellAlike() {
        Call first = last;
        if (alike > 0 && first != null) {
            out.println(line(alikeEndNanos, first.side(), first.name(), "... " + alike + " more alike"));
        }
        last = null;
        alike = 0;
    }

    void tell(String line) {
        print(line);
    }

    void begin(Situation situation, boolean explain) {
        print("");
        print(situation.id() + "  " + situation.title());
        if (explain) {
            print("");
            wrap(situation.explanation(), TEXT_WIDTH).forEach(line -> print("    " + line));
            print("");
        }
    }

    @Override
    public void parked(String side, String call, long nanos) {
        print(line(nanos, side, call, "... waits"));
    }

    /** Prints it, unless it is like the last one: then how many of them, when another one comes. */
    @Override
    public void ended(Call call) {
        lock.lock();
        try {
            if (last != null && last.isLike(call)) {
                alike++;
                alikeEndNanos = call.endNanos();
                return;
            }
            print(line(call));
            last = call;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void told(long nanos, String text) {
        print(line(nanos, "", text, ""));
    }

    static String line(Call call) {
        return line(call.endNanos(), call.side(), call.name(), call.outcome());
    }

    private static String line(long nanos, String side, String call, String outcome) {
        return "%12s  %-8s  %-26s  %s".formatted(Numbers.millis(nanos), side, call, outcome);
    }

    /** What to look for, and whether it was seen. */
    void end(Run run) {
        if (run.verdict() == Run.Verdict.SKIPPED) {
            print("  skipped: " + run.reason());
            return;
        }
        lookFor(run.situation());
        sights(run);
        print("  " + run.situation().id() + ": " + run.verdict().label);
    }

    /** The same of both, with the calls beside each other. */
    void end(Run heddle, Run go) {
        Columns.of(heddle.trace(), go.trace()).forEach(this::print);
        lookFor(heddle.situation());
        print("  Heddle:");
        sights(heddle);
        print("  Go:");
        sights(go);
        print("  %s: %s in Heddle, %s in Go"
                .formatted(heddle.situation().id(), heddle.verdict().label, go.verdict().label));
    }

    private void lookFor(Situation situation) {
        print("  look for: " + situation.lookFor());
    }

    private void sights(Run run) {
        for (Sights.Sight sight : run.sights().all()) {
            print("  " + mark(sight.kind()) + " " + sight.text());
        }
    }

    private static String mark(Sights.Kind kind) {
        return switch (kind) {
            case SEEN -> "[seen]    ";
            case NOT_SEEN -> "[NOT SEEN]";
            case NOT_HERE -> "[not here]";
            case NOTE -> "[note]    ";
        };
    }

    private static List<String> wrap(String text, int width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split("\\s+", -1)) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
