package heddle.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Stands for {@code heddle lab} where the module heddle.lab is not installed, as beside a server. */
@Command(
        name = "lab",
        description = {
            "Plays what happens to connections, on real sockets of this machine. The launcher of a"
                    + " clone builds it when it is asked for."
        })
final class AbsentLab implements Callable<Integer> {
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() {
        Terminal.note(
                spec, "the module heddle.lab is not installed here; run ./heddle lab in a clone of Heddle's sources");
        return ExitCodes.FAILURE;
    }
}
