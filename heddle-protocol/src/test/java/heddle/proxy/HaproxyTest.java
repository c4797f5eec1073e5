package heddle.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.net.Addr;
import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.Listener;
import heddle.testing.Await;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.TestAuthority;
import heddle.tls.TlsConfig;
import heddle.tls.TlsContext;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Behind the proxy that the protocol comes from. */
@Tag("thorough")
@Timeout(60)
class HaproxyTest {

    @TempDir
    private Path folder;

    /** Sends back what it gets, over what was accepted, and writes down who it is that sends. */
    private static final class Echo implements AutoCloseable {
        final ProxyListener listener;
        final Queue<Addr> clients = new ConcurrentLinkedQueue<>();
        final Queue<Exception> failures = new ConcurrentLinkedQueue<>();

        Echo(Over over) throws Exception {
            listener = new ProxyListener(Runtimes.listenConfig().listen("tcp", "127.0.0.1:0"), address -> true);
            Task.run(() -> {
                while (listener.isOpen()) {
                    var accepted = listener.accept();
                    Thread.ofVirtual().start(() -> serve(over, accepted));
                }
            });
        }

        private void serve(Over over, ProxyConn accepted) {
            try (accepted;
                    var conn = over.over(accepted)) {
                accepted.setReadDeadline(Deadline.after(Duration.ofSeconds(20)));
                byte[] buffer = new byte[1000];
                for (int n = conn.read(buffer); n > 0; n = conn.read(buffer)) {
                    clients.add(conn.remoteAddress());
                    conn.write(buffer, 0, n);
                }
            } catch (IOException e) {
                failures.add(e);
            }
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }

    private interface Over {
        Conn over(Conn conn) throws IOException;
    }

    /** Forwards to a server with these settings; ended when closed. */
    private record Haproxy(Process process, String address) implements AutoCloseable {

        static Haproxy start(Path folder, Addr server, String settings) throws Exception {
            String program = Stream.of("/usr/sbin/haproxy", "/usr/local/sbin/haproxy", "/usr/bin/haproxy")
                    .filter(path -> new File(path).canExecute())
                    .findFirst()
                    .orElse(null);
            assumeTrue(program != null, "no haproxy here");
            String address = free();
            Path config = Files.writeString(folder.resolve("haproxy.cfg"), """
                    defaults
                        mode tcp
                        timeout connect 5s
                        timeout client 30s
                        timeout server 30s
                    listen front
                        bind %s
                        server back %s %s
                    """.formatted(address, server, settings));
            var process = new ProcessBuilder(program, "-db", "-f", config.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("haproxy.log").toFile())
                    .start();
            return new Haproxy(process, address);
        }

        private static String free() throws IOException {
            try (Listener taken = Runtimes.listenConfig().listen("tcp", "127.0.0.1:0")) {
                return taken.address().toString();
            }
        }

        Conn dial() throws Exception {
            Conn[] dialed = new Conn[1];
            Await.until("haproxy listens", () -> {
                assertThat(process.isAlive()).isTrue();
                try {
                    dialed[0] = Runtimes.dialer().dial("tcp", address);
                    return true;
                } catch (IOException notYet) {
                    return false;
                }
            });
            return dialed[0];
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    private static void expectEcho(Conn conn) throws IOException {
        byte[] sent = Headers.line("PROXY hello\r\n");
        for (int i = 0; i < 3; i++) {
            conn.write(sent);
            byte[] got = new byte[sent.length];
            conn.readFully(got);
            assertThat(got).isEqualTo(sent);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "send-proxy",
                "send-proxy-v2",
                "send-proxy-v2 proxy-v2-options crc32c,unique-id",
                "send-proxy-v2-ssl-cn",
            })
    void theServerSeesItsClients(String settings) throws Exception {
        try (var echo = new Echo(conn -> conn);
                var haproxy = Haproxy.start(folder, echo.listener.address(), settings);
                var first = haproxy.dial();
                var second = haproxy.dial()) {
            expectEcho(first);
            assertThat(echo.clients).contains(first.localAddress()).doesNotContain(second.localAddress());
            expectEcho(second);
            assertThat(echo.clients).contains(second.localAddress());
            assertThat(echo.failures).isEmpty();
        }
    }

    @Test
    void belowTls() throws Exception {
        var authority = new TestAuthority(folder, "authority");
        var issued = authority.issue("localhost", "127.0.0.1");
        var servers = TlsContext.load(new TlsConfig().certificate(issued.chain(), issued.key()));
        var clients = TlsContext.load(new TlsConfig().authority(authority.file()));
        try (var echo = new Echo(servers::server);
                var haproxy = Haproxy.start(folder, echo.listener.address(), "send-proxy-v2");
                var dialed = haproxy.dial();
                var secured = clients.client(dialed, "localhost", 1)) {
            expectEcho(secured);
            assertThat(echo.clients).contains(dialed.localAddress());
        }
    }

    /** LOCAL of version 2: the proxy looks by itself whether the server is there. */
    @Test
    void healthChecksAreNoFailures() throws Exception {
        for (String settings : List.of(
                "send-proxy-v2 check check-send-proxy inter 20ms",
                "send-proxy-v2 proxy-v2-options crc32c check check-send-proxy inter 20ms",
                "send-proxy check check-send-proxy inter 20ms",
                "send-proxy-v2 check inter 20ms")) {
            try (var echo = new Echo(conn -> conn);
                    var haproxy = Haproxy.start(folder, echo.listener.address(), settings);
                    var dialed = haproxy.dial()) {
                expectEcho(dialed);
                assertThat(echo.failures).noneMatch(ProxyException.class::isInstance);
            }
        }
    }
}
