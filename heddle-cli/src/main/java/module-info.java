/** The heddle command. */
@SuppressWarnings("module") // The lab is built after this module, and may be absent.
module heddle.cli {
    requires heddle.gateway;
    requires heddle.kafka;
    requires heddle.admin;
    requires info.picocli;
    requires me.tongfei.progressbar;
    requires HdrHistogram;
    requires org.jline.terminal;
    requires org.tomlj;
    // jline hears signals by it.
    requires jdk.unsupported;
    // heddle stack, and what it asks for in the process that it looks into.
    requires java.management;
    requires jdk.attach;
    requires jdk.management;
    requires jdk.management.agent;
    // Events for the flight recorder.
    requires jdk.jfr;
    requires static org.jspecify;

    exports heddle.cli to
            heddle.lab;

    opens heddle.cli to
            info.picocli;

    uses heddle.cli.Subcommand;
}
