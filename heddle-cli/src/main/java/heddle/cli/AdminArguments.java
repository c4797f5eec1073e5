package heddle.cli;

import heddle.admin.Admin;
import heddle.admin.JsonFormatter;
import heddle.gateway.Counters;
import heddle.gateway.Gateway;
import heddle.net.Heddle;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options of {@code serve} about seeing it: where the admin page is, who may, and how it logs. */
final class AdminArguments implements Arguments {

    private static final Logger LOG = System.getLogger("heddle.serve");

    private static final String ADDRESS = "127.0.0.1:7001";
    private static final String OFF = "off";
    private static final String TOKEN_WANTED = "want --admin-token-file too";

    /** An address, or off. */
    static final class Where extends Address {
        @Override
        public String convert(String text) {
            return text.equals(OFF) ? OFF : super.convert(text);
        }
    }

    @Option(
            names = "--admin-listen",
            paramLabel = "HOST:PORT",
            converter = Where.class,
            description =
                    "Where the admin page, /metrics, /health and /ready are; port 0 takes a free one; off: nowhere."
                            + " If not given: " + ADDRESS + ", unless that is taken.")
    private @Nullable String listen;

    @Reloaded
    @Option(
            names = "--admin-token-file",
            paramLabel = "FILE",
            description = "Its first line that is no comment is what to log in with, and what Prometheus must send as a"
                    + " bearer token. Wanted where --admin-listen is beyond loopback.")
    private @Nullable Path tokenFile;

    @Option(names = "--log-json", description = "Logs a JSON object a line, to stderr.")
    private boolean logJson;

    /** Changes the form of the log, and of what {@code command} notes, if that is asked for. */
    void setUpLog(CommandSpec command) {
        if (logJson) {
            JsonFormatter.install();
            command.commandLine().setErr(new PrintWriter(new Lines(), true));
        }
    }

    /** Each line is a record of the log. One thread, or its caller's lock. */
    private static final class Lines extends Writer {
        private final StringBuilder line = new StringBuilder();

        @Override
        public void write(char[] text, int offset, int length) {
            for (int i = offset; i < offset + length; i++) {
                if (text[i] == '\n') {
                    LOG.log(Level.INFO, line.toString().stripTrailing());
                    line.setLength(0);
                } else {
                    line.append(text[i]);
                }
            }
        }

        @Override
        public void flush() {
            // A line is logged when it ends.
        }

        @Override
        public void close() {
            // Stderr stays open.
        }
    }

    @Override
    public void check(Problems problems) {
        Path file = tokenFile;
        String address = listen;
        if (file != null) {
            problems.look("--admin-token-file", () -> Admin.checkToken(file));
        } else if (address != null && !isOff()) {
            problems.look("--admin-listen", () -> {
                var at = Address.resolved(address);
                if (at != null && !at.host().isLoopbackAddress()) {
                    throw new IllegalArgumentException(
                            "the admin page beyond loopback, at " + at.host().getHostAddress() + ": " + TOKEN_WANTED);
                }
            });
        }
    }

    private boolean isOff() {
        return listen != null && listen.equals(OFF);
    }

    /** A token that was read anew. */
    Runnable prepare(Page page) throws IOException {
        try {
            return page.admin == null ? () -> {} : page.admin.prepareToken(tokenFile);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + "; " + TOKEN_WANTED, e);
        }
    }

    /** The admin page, or none. */
    static final class Page implements AutoCloseable {
        private final @Nullable Admin admin;
        private final String trouble;

        private Page(@Nullable Admin admin, String trouble) {
            this.admin = admin;
            this.trouble = trouble;
        }

        /** Where it is, to be said behind other things. */
        String where() {
            return admin == null ? "" : ", admin page at " + admin.address();
        }

        void sayTrouble(CommandSpec command) {
            if (!trouble.isEmpty()) {
                Terminal.note(command, trouble);
            }
        }

        void start(Gateway gateway, Counters counters, Runnable drain) {
            if (admin != null) {
                admin.start(gateway, counters, drain);
            }
        }

        @Override
        public void close() {
            if (admin != null) {
                admin.close();
            }
        }
    }

    /**
     * Takes the port. One that nobody asked for may be taken by another: then there is no page, and its trouble says
     * so.
     *
     * @throws IOException the port that was asked for is taken, its host is nobody's, or the token file does not do
     */
    Page open() throws IOException {
        if (isOff()) {
            return new Page(null, "");
        }
        String address = listen == null ? ADDRESS : listen;
        try {
            return new Page(Admin.bind(Heddle.shared(), Address.host(address), Address.port(address), tokenFile), "");
        } catch (BindException e) {
            String what = "admin page: " + address + ": " + e.getMessage();
            if (listen != null) {
                throw new IOException(what + "; choose another with --admin-listen HOST:PORT", e);
            }
            return new Page(null, "no " + what + "; --admin-listen HOST:PORT chooses another, or off");
        } catch (UnknownHostException e) {
            throw new IOException("admin page: lookup " + Address.host(address) + ": no such host", e);
        } catch (IllegalArgumentException e) { // a name that has got another address since the check
            throw new IOException(e.getMessage() + "; " + TOKEN_WANTED, e);
        }
    }
}
