/** The plays of {@code heddle lab}: a subcommand that the command finds where this module is. */
module heddle.lab {
    requires heddle.cli;
    requires heddle.core;
    requires info.picocli;
    requires java.management;
    requires static org.jspecify;

    opens heddle.lab to
            info.picocli;

    provides heddle.cli.Subcommand with
            heddle.lab.Lab;
}
