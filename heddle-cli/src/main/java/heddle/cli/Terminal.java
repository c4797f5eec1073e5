package heddle.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;

/** What a command says to people: answers go to stdout, notes and errors to stderr, behind the command's name. */
public final class Terminal {
    private static final Pattern CONTROL = Pattern.compile("[\\p{Cc}&&[^\t]]");

    private Terminal() {}

    /** A line of the answer. */
    public static void say(CommandSpec command, String line) {
        var out = command.commandLine().getOut();
        out.println(line);
        out.flush();
    }

    /** A line beside the answer. */
    public static void note(CommandSpec command, String line) {
        var err = command.commandLine().getErr();
        err.println(command.qualifiedName() + ": " + line);
        err.flush();
    }

    /** Whether a person looks at it: then a progress bar makes sense, in a file or a pipe it does not. */
    @SuppressWarnings("SystemConsoleNull") // 22 to 24 had always one; 25 is as it was before
    static boolean isWatched() {
        var console = System.console();
        return console != null && console.isTerminal();
    }

    /** Whether stdout alone is a terminal: the JDK tells only of stdin and stdout at once. */
    static boolean stdoutIsTerminal() throws IOException, InterruptedException {
        return new ProcessBuilder("/bin/sh", "-c", "test -t 1")
                        .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                        .start()
                        .waitFor()
                == 0;
    }

    /**
     * Foreign bytes as text that cannot steer a terminal: of control characters only the tab is left as it is, ESC is
     * {@code \x1b}.
     */
    static byte[] printable(byte[] text) {
        return printable(new String(text, StandardCharsets.UTF_8)).getBytes(System.out.charset());
    }

    /** The same of text. */
    static String printable(String text) {
        return CONTROL.matcher(text)
                .replaceAll(
                        control -> "\\\\x%02x".formatted((int) control.group().charAt(0)));
    }
}
