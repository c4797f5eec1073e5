package heddle.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/** Where {@code ./heddle} arrives. Each subcommand is a class of its own. */
@Command(
        name = "heddle",
        description = "Sockets for virtual threads, and the communication server on them.",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            Serve.class,
            Submit.class,
            Tail.class,
            Echo.class,
            Dial.class,
            Stack.class,
            Lab.class
        },
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {ExitCodes.OK_TEXT, ExitCodes.FAILURE_TEXT, ExitCodes.USAGE_TEXT})
public final class Main implements Runnable {
    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    Main() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(Main::failed);
    }

    /** What goes wrong in the world gets one line; what only a mistake of ours can bring about keeps its trace. */
    private static int failed(
            Exception failure, CommandLine command, CommandLine.ParseResult ignored)
            throws Exception {
        if (failure instanceof IOException) {
            Terminal.note(command.getCommandSpec(), text(failure));
            return ExitCodes.FAILURE;
        }
        throw failure;
    }

    /** What the JDK tells of files is only their name where the class tells the rest. */
    private static String text(Exception failure) {
        return switch (failure) {
            case NoSuchFileException e -> e.getMessage() + ": no such file or folder";
            case AccessDeniedException e -> e.getMessage() + ": permission denied";
            case FileSystemException e when e.getReason() == null -> e.toString();
            default -> "" + failure.getMessage();
        };
    }

    /** Without a command there is nothing to do but to say which there are. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            // The build puts the version into the module; on a class path (tests, an IDE) there is
            // no module.
            String version =
                    Optional.ofNullable(Main.class.getModule().getDescriptor())
                            .flatMap(ModuleDescriptor::rawVersion)
                            .orElse("unpackaged");
            return new String[] {"heddle " + version, "Java " + Runtime.version()};
        }
    }
}
