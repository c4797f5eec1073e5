package heddle.cli;

import heddle.net.Heddle;
import heddle.net.ListenConfig;
import heddle.server.EchoSession;
import heddle.server.Server;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A server to explore with. */
@Command(
        name = "echo",
        description = {
            "Gives back what it gets, on each connection, until that one's half-close.",
            "Prints one line when it is ready. SIGTERM and SIGINT end it."
        },
        showDefaultValues = true,
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {"0:stopped by a signal", "1:could not start or go on, stderr says why", ExitCodes.USAGE_TEXT})
final class Echo implements Callable<Integer> {
    private static final Duration DRAIN = Duration.ofSeconds(1);
    private static final int CONNECTIONS_MAX = 1_000_000;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:7007",
            converter = Address.class,
            description = "Where clients connect; port 0 takes a free one.")
    private String listen;

    @Override
    public Integer call() throws IOException, InterruptedException {
        var listener = Address.listen(new ListenConfig(), listen);
        var server = new Server(listener, EchoSession::new, CONNECTIONS_MAX);
        var end = new Termination();
        var accepting = end.start("heddle-accept", server::serve);
        Terminal.say(
                spec,
                "listening on " + listener.address() + ", " + Heddle.shared().describe());
        end.await();
        server.stop(DRAIN);
        accepting.check();
        return ExitCodes.OK;
    }
}
