package heddle.cli;

import heddle.gateway.SyncMode;
import heddle.net.NetError;
import heddle.net.Way;
import java.io.EOFException;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.util.Optional;
import java.util.ServiceLoader;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

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
            Verify.class,
            Echo.class,
            Dial.class,
            Stack.class,
            JavaCommand.class
        },
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {ExitCodes.OK_TEXT, ExitCodes.FAILURE_TEXT, ExitCodes.USAGE_TEXT})
public final class Main implements Runnable {
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    Main() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        var heddle = new CommandLine(new Main());
        ServiceLoader.load(Subcommand.class).forEach(heddle::addSubcommand);
        if (!heddle.getSubcommands().containsKey("lab")) {
            // The command that would know the arguments is not here.
            heddle.addSubcommand(new CommandLine(new AbsentLab()).setUnmatchedArgumentsAllowed(true));
        }
        return heddle.setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(SyncMode.class, new Choice<>(SyncMode.class))
                .registerConverter(SinkKind.class, new Choice<>(SinkKind.class))
                .registerConverter(Way.class, new Choice<>(Way.class))
                .setParameterExceptionHandler(Main::misused)
                .setExecutionExceptionHandler(Main::failed);
    }

    /** What was wrong, and where the rest is told: the whole usage would scroll the error away. */
    private static int misused(ParameterException failure, String[] ignored) {
        var command = failure.getCommandLine().getCommandSpec();
        String.valueOf(failure.getMessage()).lines().forEach(line -> Terminal.note(command, line));
        var err = failure.getCommandLine().getErr();
        UnmatchedArgumentException.printSuggestions(failure, err);
        err.println(command.qualifiedName() + " --help tells all options");
        return ExitCodes.USAGE;
    }

    /** What goes wrong in the world gets one line; what only a mistake of ours can bring about keeps its trace. */
    private static int failed(Exception failure, CommandLine command, CommandLine.ParseResult ignored)
            throws Exception {
        if (failure instanceof IOException) {
            Terminal.note(command.getCommandSpec(), text(failure));
            return ExitCodes.FAILURE;
        }
        throw failure;
    }

    /** What the JDK tells of files is only their name where the class tells the rest. */
    static String text(Exception failure) {
        return switch (failure) {
            case NoSuchFileException e -> e.getFile() + ": no such file or folder" + reason(e);
            case AccessDeniedException e -> e.getFile() + ": permission denied" + reason(e);
            case FileAlreadyExistsException e -> e.getFile() + ": there is such a file already" + reason(e);
            case DirectoryNotEmptyException e -> e.getFile() + ": the folder is not empty" + reason(e);
            case NotDirectoryException e -> e.getFile() + ": not a folder" + reason(e);
            case NotLinkException e -> e.getFile() + ": not a symbolic link" + reason(e);
            case FileSystemLoopException e -> e.getFile() + ": symbolic links that lead in a circle" + reason(e);
            case AtomicMoveNotSupportedException e -> e.getFile() + ": cannot be moved at once" + reason(e);
            case FileSystemException e
            when e.getReason() == null ->
                e.getFile() == null ? "a file could not be used" : e.getFile() + ": cannot be used";
            // A NetError tells all itself.
            case UnknownHostException e when !(e instanceof NetError) -> e.getMessage() + ": no such host";
            case EOFException e when e.getMessage() == null -> "the input ended too early";
            case ClosedChannelException e when e.getMessage() == null -> "closed meanwhile";
            default -> failure.getMessage() == null ? "failed, and the system did not say why" : failure.getMessage();
        };
    }

    /** What the system says beside, if anything. */
    private static String reason(FileSystemException failure) {
        return failure.getReason() == null ? "" : ": " + failure.getReason();
    }

    /** Without a command there is nothing to do but to say which there are. */
    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "missing command: want one of "
                        + String.join(", ", spec.subcommands().keySet()));
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            // The build puts the version into the module; on a class path (tests, an IDE) there is no module.
            String version = Optional.ofNullable(Main.class.getModule().getDescriptor())
                    .flatMap(ModuleDescriptor::rawVersion)
                    .orElse("unpackaged");
            return new String[] {"heddle " + version, "Java " + Runtime.version()};
        }
    }
}
