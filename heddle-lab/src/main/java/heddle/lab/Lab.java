package heddle.lab;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import heddle.cli.ExitCodes;
import heddle.cli.Subcommand;
import heddle.cli.Terminal;
import heddle.net.Heddle;
import heddle.net.Way;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** The situations of the model, to watch on this machine. */
@Command(
        name = "lab",
        description = {
            "Plays what happens to connections, on real sockets of this machine: full buffers,"
                    + " peers that die, deadlines, full backlogs.",
            "Prints every call of both sides, and whether what must be seen was."
        },
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {Lab.Listing.class, Lab.Running.class},
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:what was played was as it must be",
            "1:something that must be seen was not",
            ExitCodes.USAGE_TEXT
        })
public final class Lab implements Subcommand {
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /** For {@link java.util.ServiceLoader}. */
    public Lab() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "missing command: want list or run");
    }

    /** {@code heddle lab list}. */
    @Command(
            name = "list",
            description = "Lists the situations and what they need beside a moment.",
            exitCodeListHeading = ExitCodes.HEADING,
            exitCodeList = {ExitCodes.OK_TEXT, ExitCodes.FAILURE_TEXT, ExitCodes.USAGE_TEXT})
    static final class Listing implements Callable<Integer> {
        @CommandLine.Spec
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() {
            for (Situation situation : Situations.all()) {
                String need = situation.need().label();
                Terminal.say(
                        spec,
                        situation.id() + "  " + situation.title() + (need.isEmpty() ? "" : "  (needs " + need + ")"));
            }
            return ExitCodes.OK;
        }
    }

    /** {@code heddle lab run}. */
    @Command(
            name = "run",
            description = {
                "Plays situations: W2, or several, or --all.",
                "The log has the time in milliseconds since the play began, who called, the call,"
                        + " and what came of it: bytes, an address, an error."
            },
            showDefaultValues = true,
            exitCodeListHeading = ExitCodes.HEADING,
            exitCodeList = {
                "0:what was played was as it must be",
                "1:something that must be seen was not, or it could not be played",
                ExitCodes.USAGE_TEXT
            })
    static final class Running implements Callable<Integer> {
        private static final String WAY = "heddle.way";

        @CommandLine.Spec
        private CommandLine.Model.CommandSpec spec;

        @Parameters(paramLabel = "ID", arity = "0..*", description = "As heddle lab list has them.")
        private List<String> ids = new ArrayList<>();

        @Option(names = "--all", description = "All situations.")
        private boolean all;

        @Option(names = "--explain", description = "Tell what the kernel does, and why.")
        private boolean explain;

        @Option(names = "--with-go", description = "Play the same in Go beside it, where Go is installed.")
        private boolean withGo;

        @Option(
                names = "--report",
                paramLabel = "FILE",
                description = "Write a page with charts too, HTML that needs nothing else.")
        private @Nullable Path report;

        @Option(names = "--slow", description = "Play what takes minutes too.")
        private boolean slow;

        @Option(
                names = "--way",
                paramLabel = "WAY",
                description =
                        "Which way Heddle runs: carriers, jdk, nio or uring. The best that is possible by default.")
        private @Nullable Way way;

        @Option(names = "--connections", paramLabel = "N", defaultValue = "10000", description = "How many S1 opens.")
        private int connections;

        @Option(
                names = "--trace",
                hidden = true,
                description = "Print what happened for another process, which judges it.")
        private boolean trace;

        @Override
        public Integer call() throws IOException, InterruptedException {
            List<Situation> chosen = chosen();
            if (connections < 1) {
                throw new ParameterException(spec.commandLine(), "--connections: want 1 or more");
            }
            if (way != null) {
                System.setProperty(WAY, way.name().toLowerCase(Locale.ROOT));
            }
            var settings = new Settings(connections, slow);
            if (trace) {
                for (Situation situation : chosen) {
                    Laboratory.trace(situation, settings, spec.commandLine().getOut());
                }
                return ExitCodes.OK;
            }
            if (report != null) {
                Files.newByteChannel(report, CREATE, WRITE).close(); // fails now, not after minutes
            }
            Terminal.say(spec, "Heddle: " + Heddle.shared().describe());
            boolean asItMustBe = true;
            try (var laboratory =
                    new Laboratory(settings, explain, withGo, spec.commandLine().getOut())) {
                for (Situation situation : chosen) {
                    asItMustBe &= laboratory.run(situation);
                }
                if (report != null) {
                    laboratory.report(report);
                    Terminal.note(spec, "wrote " + report);
                }
            }
            return asItMustBe ? ExitCodes.OK : ExitCodes.FAILURE;
        }

        private List<Situation> chosen() {
            if (all == !ids.isEmpty()) {
                throw new ParameterException(spec.commandLine(), "Name situations, or --all");
            }
            if (all) {
                return Situations.all();
            }
            List<Situation> chosen = new ArrayList<>();
            for (String id : ids) {
                chosen.add(Situations.all().stream()
                        .filter(one -> one.id().equalsIgnoreCase(id))
                        .findFirst()
                        .orElseThrow(() -> new ParameterException(
                                spec.commandLine(), "'" + id + "' is no situation; see heddle lab list")));
            }
            return chosen;
        }
    }
}
