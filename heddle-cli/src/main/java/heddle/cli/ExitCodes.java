package heddle.cli;

/** What the process says to the script that started it. The texts are for --help. */
public final class ExitCodes {
    /** All was done. */
    public static final int OK = 0;

    /** Something failed; one line on stderr says what. */
    public static final int FAILURE = 1;

    /** The arguments make no sense; nothing was done. */
    public static final int USAGE = 2;

    public static final String HEADING = "%nExit codes:%n";
    public static final String OK_TEXT = "0:all was done";
    public static final String FAILURE_TEXT = "1:something failed, stderr says what";
    public static final String USAGE_TEXT = "2:the arguments make no sense, nothing was done";

    private ExitCodes() {}
}
