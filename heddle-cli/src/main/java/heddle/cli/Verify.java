package heddle.cli;

import heddle.gateway.log.LogVerifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Whether a data folder is as it was written. */
@Command(
        name = "verify",
        description = {
            "Reads each byte of the log in a data folder, and names what is damaged and which messages that costs.",
            "Then the books: how many messages of each client there are, and of those with numbers the lowest, the"
                    + " highest, and how many are missing between.",
            "Changes nothing. Works beside a running server and without one."
        },
        showDefaultValues = true,
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:all is whole",
            "1:something is damaged, or the folder cannot be read; stderr says what",
            ExitCodes.USAGE_TEXT
        })
final class Verify implements Callable<Integer> {
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Option(names = "--data", paramLabel = "DIR", defaultValue = "heddle-data", description = "The data folder.")
    private Path data;

    @Override
    public Integer call() throws IOException {
        Path log = data.resolve("log");
        if (!Files.isDirectory(log)) {
            throw new IOException("data folder " + data + ": no log in it");
        }
        var verifier = new LogVerifier(log, damage -> Terminal.note(spec, damage));
        verifier.run();
        Terminal.say(
                spec,
                "messages %d to %d: %d whole, %d lost"
                        .formatted(verifier.first(), verifier.end(), verifier.messages(), verifier.lost()));
        verifier.clients().forEach((name, client) -> Terminal.say(spec, line(name, client)));
        if (verifier.damages() > 0) {
            Terminal.note(spec, verifier.damages() + " damages");
            return ExitCodes.FAILURE;
        }
        return ExitCodes.OK;
    }

    private static String line(String name, LogVerifier.Client client) {
        String who = name.isEmpty() ? "(no name)" : Terminal.printable(name);
        String all = "%s: %d messages".formatted(who, client.messages());
        return client.numbered() == 0
                ? all
                : all
                        + ", %d numbered %s to %s, %d missing"
                                .formatted(
                                        client.numbered(),
                                        Long.toUnsignedString(client.lowest()),
                                        Long.toUnsignedString(client.highest()),
                                        client.missing());
    }
}
