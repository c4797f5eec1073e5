package heddle.tls;

import heddle.net.Conn;
import heddle.net.ConnPair;
import heddle.testing.Task;
import heddle.testing.TestAuthority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Connections of TLS with both ends at hand, and the files that they need, made once a JVM. */
final class TlsPairs {

    private TlsPairs() {}

    private static final class Made {
        static final Path FOLDER;
        static final TestAuthority AUTHORITY;
        static final TestAuthority.Issued LOCALHOST;
        static final TlsContext SERVER;
        static final TlsContext CLIENT;

        static {
            try {
                FOLDER = Files.createTempDirectory("heddle-tls");
                AUTHORITY = new TestAuthority(FOLDER, "authority");
                LOCALHOST = AUTHORITY.issue("localhost", "127.0.0.1");
                SERVER = TlsContext.load(serverConfig());
                CLIENT = TlsContext.load(clientConfig());
                Runtime.getRuntime().addShutdownHook(new Thread(Made::delete));
            } catch (Exception failed) {
                throw new ExceptionInInitializerError(failed);
            }
        }

        private static void delete() {
            try (var all = Files.list(FOLDER)) {
                for (Path one : (Iterable<Path>) all::iterator) {
                    Files.delete(one);
                }
                Files.delete(FOLDER);
            } catch (IOException left) {
                System.err.println(left);
            }
        }
    }

    static Path folder() {
        return Made.FOLDER;
    }

    static TestAuthority authority() {
        return Made.AUTHORITY;
    }

    static TestAuthority.Issued localhost() {
        return Made.LOCALHOST;
    }

    /** With the certificate of localhost. */
    static TlsConfig serverConfig() {
        return new TlsConfig()
                .certificate(Made.LOCALHOST.chain(), Made.LOCALHOST.key())
                .closeTimeout(Duration.ofMillis(100));
    }

    /** That believes the authority. */
    static TlsConfig clientConfig() {
        return new TlsConfig().authority(Made.AUTHORITY.file()).closeTimeout(Duration.ofMillis(100));
    }

    static TlsContext server() {
        return Made.SERVER;
    }

    static TlsContext client() {
        return Made.CLIENT;
    }

    /** Two ends that have shaken hands; the client has read what the server sends on its own. */
    record Pair(TlsConn client, TlsConn server) implements AutoCloseable {

        static Pair tcp() throws Exception {
            return over(ConnPair.tcp());
        }

        static Pair over(ConnPair below) throws Exception {
            return over(below, TlsPairs.client(), TlsPairs.server());
        }

        static Pair over(ConnPair below, TlsContext clients, TlsContext servers) throws Exception {
            Pair pair = fresh(below.left(), below.right(), clients, servers);
            Task<Integer> greeting = Task.start(() -> pair.server.write(new byte[1]));
            pair.client.readFully(new byte[1]);
            greeting.result();
            return pair;
        }

        /** Before the handshake. */
        static Pair fresh(Conn client, Conn server, TlsContext clients, TlsContext servers) {
            return new Pair(clients.client(client, "localhost", 1), servers.server(server));
        }

        @Override
        public void close() throws IOException {
            try (client) {
                server.close();
            }
        }
    }
}
