/** The heddle command. */
module heddle.cli {
    requires heddle.gateway;
    requires info.picocli;
    requires me.tongfei.progressbar;
    requires HdrHistogram;
    requires org.jline.terminal;
    requires jdk.unsupported; // jline hears signals by it
    requires static org.jspecify;

    opens heddle.cli to
            info.picocli;
}
