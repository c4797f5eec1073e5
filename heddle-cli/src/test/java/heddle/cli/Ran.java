package heddle.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** What a command said and how it ended. */
public record Ran(int exit, String out, String err) {
    /** Runs a command in this JVM. */
    public static Ran heddle(String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        int exit = Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(args);
        return new Ran(exit, out.toString(), err.toString());
    }
}
