package heddle.lab;

import heddle.net.Heddle;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Plays situations one after the other, in Go too if that is wanted, and says what was seen. One thread. */
public final class Laboratory implements AutoCloseable {

    /**
     * A situation and what became of it.
     *
     * @param heddle here
     * @param go in Go, or null if it was not played there
     */
    record Result(Run heddle, @Nullable Run go) {}

    private final Settings settings;
    private final boolean explain;
    private final Log log;
    private final @Nullable Go go;
    private final List<Result> results = new ArrayList<>();

    /**
     * Writes its log to {@code out}.
     *
     * @param explain tells what the kernel does, and why
     * @param withGo plays everything in Go too, if that is installed
     */
    public Laboratory(Settings settings, boolean explain, boolean withGo, PrintWriter out)
            throws IOException, InterruptedException {
        this.settings = settings;
        this.explain = explain;
        this.log = new Log(out);
        if (withGo && !Go.isThere()) {
            log.tell("Go: not installed, no go on the PATH; only Heddle runs");
        }
        this.go = withGo && Go.isThere() ? Go.build() : null;
        if (go != null) {
            log.tell("Go: " + go.version());
        }
    }

    /** Plays {@code situation}. False if something that must be seen was not. */
    public boolean run(Situation situation) throws IOException, InterruptedException {
        log.begin(situation, explain);
        Run heddle = play(situation);
        if (go == null || heddle.verdict() == Run.Verdict.SKIPPED) {
            log.end(heddle);
            results.add(new Result(heddle, null));
        } else {
            Player.Played played = go.play(situation, settings);
            Run beside = Run.judged(situation, played.trace(), played.failure());
            log.end(heddle, beside);
            results.add(new Result(heddle, beside));
        }
        return heddle.verdict() != Run.Verdict.NOT_SEEN;
    }

    private Run play(Situation situation) throws IOException, InterruptedException {
        if (situation.need() == Situation.Need.OTHER_SYSTEM) {
            return Run.skipped(situation, "not this system: " + System.getProperty("os.name"));
        }
        Progress progress = go == null ? log : Progress.NONE;
        Player.Played played;
        if (situation.need() == Situation.Need.ROOT) {
            String missing = Namespace.missing();
            if (!missing.isEmpty()) {
                return Run.skipped(situation, missing);
            }
            played = Namespace.play(situation, progress);
        } else {
            played = Player.play(situation, settings, progress);
        }
        return Run.judged(situation, played.trace(), played.failure());
    }

    /** Plays {@code situation} here, whatever it needs, and writes its trace to {@code out} for another process. */
    public static void trace(Situation situation, Settings settings, PrintWriter out) throws InterruptedException {
        TraceLines.write(Player.play(situation, settings, Progress.NONE), out);
        out.flush();
    }

    /** All results so far as a page. */
    public void report(Path file) throws IOException {
        Report report = new Report(results, Heddle.shared().describe(), go == null ? "" : go.version(), Instant.now());
        Files.writeString(file, report.html());
    }

    @Override
    public void close() throws IOException {
        if (go != null) {
            go.close();
        }
    }
}
