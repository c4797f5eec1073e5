package heddle.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code serve} about its file of options. They are no keys of that file. */
final class ConfigArguments {

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "A TOML file with these options as keys: max-frame = \"1M\" is --max-frame=1M, and servers in"
                    + " the section [kafka] is --kafka-servers. The command line wins over the file. SIGHUP reads"
                    + " it anew, with all files that it names.")
    private @Nullable Path file;

    @Option(
            names = "--check-config",
            description = "Only reads all that serve would read, and says what would be in effect, or all that is"
                    + " wrong. Opens no port and makes no folder.")
    private boolean checkOnly;

    @Nullable
    Path file() {
        return file;
    }

    boolean checkOnly() {
        return checkOnly;
    }
}
