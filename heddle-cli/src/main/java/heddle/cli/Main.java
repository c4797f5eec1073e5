package heddle.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

import java.lang.module.ModuleDescriptor;
import java.util.Optional;

/** Where {@code ./heddle} arrives. Each subcommand is a class of its own. */
@Command(
        name = "heddle",
        description = "Sockets for virtual threads, and the communication server on them.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND")
public final class Main implements Runnable {
    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    Main() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    /** Without a command there is nothing to do but to show which there are. */
    @Override
    public void run() {
        spec.commandLine().usage(System.err);
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
