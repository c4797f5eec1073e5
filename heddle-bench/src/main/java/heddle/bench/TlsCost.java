package heddle.bench;

import com.sun.management.OperatingSystemMXBean;
import heddle.net.Conn;
import heddle.net.Dialer;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.Net;
import heddle.tls.TlsConfig;
import heddle.tls.TlsContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * What TLS costs: processor time of an echo of 64 bytes, client and server in one process, and the heap of a pair of
 * idle connections. Plain, {@code heddle.tls}, and java.net's SSLSocket on virtual threads, in turn.
 *
 * <p>Arguments: a PKCS#12 file with a key for localhost and the certificate as an authority, its password; the same as
 * PEM: certificate, key; connections (64), idle connections (2000), seconds of each echo (5), rounds (3).
 */
public final class TlsCost {

    private static final int BYTES = 64;

    /** One end of a connection. */
    private interface End extends AutoCloseable {
        void write(byte[] bytes) throws IOException;

        /** Fills {@code bytes}; false at the end. */
        boolean read(byte[] bytes) throws IOException;

        @Override
        void close() throws IOException;
    }

    /** Makes connected pairs, client first, that have shaken hands. */
    private interface Pairs {
        End[] next() throws Exception;
    }

    private TlsCost() {}

    /** See the class comment. */
    public static void main(String[] args) throws Exception {
        int connections = args.length > 4 ? Integer.parseInt(args[4]) : 64;
        int idle = args.length > 5 ? Integer.parseInt(args[5]) : 2000;
        int seconds = args.length > 6 ? Integer.parseInt(args[6]) : 5;
        int rounds = args.length > 7 ? Integer.parseInt(args[7]) : 3;
        System.out.println(Heddle.shared().describe());
        Pairs plain = plain();
        Pairs tls = tls(args);
        Pairs sockets = sockets(args);
        for (int i = 0; i < rounds; i++) {
            echo("heddle plain", Heddle.shared().newThreadPerTaskExecutor(), plain, connections, seconds);
            echo("heddle tls", Heddle.shared().newThreadPerTaskExecutor(), tls, connections, seconds);
            echo("SSLSocket", Executors.newVirtualThreadPerTaskExecutor(), sockets, connections, seconds);
        }
        idle("heddle plain", plain, idle);
        idle("heddle tls", tls, idle);
        idle("SSLSocket", sockets, idle);
        System.exit(0);
    }

    private static void echo(String name, ExecutorService threads, Pairs pairs, int connections, int seconds)
            throws Exception {
        var over = new AtomicBoolean();
        var done = new LongAdder();
        try (threads) {
            List<End[]> all = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                End[] pair = pairs.next();
                all.add(pair);
                var _ = threads.submit(() -> {
                    byte[] bytes = new byte[BYTES];
                    while (pair[1].read(bytes)) {
                        pair[1].write(bytes);
                    }
                    return null;
                });
            }
            for (End[] pair : all) {
                var _ = threads.submit(() -> {
                    byte[] bytes = new byte[BYTES];
                    while (!over.get()) {
                        pair[0].write(bytes);
                        if (!pair[0].read(bytes)) {
                            throw new IOException("the echo has ended");
                        }
                        done.increment();
                    }
                    pair[0].close();
                    return null;
                });
            }
            TimeUnit.SECONDS.sleep(1);
            long from = done.sum();
            long cpuNanos = cpuNanos();
            TimeUnit.SECONDS.sleep(seconds);
            long echoes = done.sum() - from;
            cpuNanos = cpuNanos() - cpuNanos;
            over.set(true);
            System.out.printf(
                    Locale.ROOT,
                    "%-12s %d connections: %7.0f echoes/s, %6.2f us of processor each, both ends%n",
                    name,
                    connections,
                    echoes / (double) seconds,
                    cpuNanos / 1000.0 / echoes);
        }
    }

    private static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static void idle(String name, Pairs pairs, int count) throws Exception {
        for (int i = 0; i < 50; i++) { // Classes and pools that are made once.
            for (End end : pairs.next()) {
                end.close();
            }
        }
        List<End[]> all = new ArrayList<>(count);
        long before = liveBytes();
        for (int i = 0; i < count; i++) {
            End[] pair = pairs.next();
            byte[] bytes = new byte[BYTES];
            pair[1].write(bytes); // Behind the ticket.
            pair[0].read(bytes);
            all.add(pair);
        }
        long live = liveBytes() - before;
        System.out.printf(Locale.ROOT, "%-12s idle: %d bytes of heap an end%n", name, live / count / 2);
        for (End[] pair : all) {
            pair[0].close();
            pair[1].close();
        }
    }

    private static long liveBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private record OfConn(Conn conn) implements End {
        @Override
        public void write(byte[] bytes) throws IOException {
            conn.write(bytes);
        }

        @Override
        public boolean read(byte[] bytes) throws IOException {
            int n = conn.read(bytes);
            if (n < 0) {
                return false;
            }
            conn.readFully(ByteBuffer.wrap(bytes, n, bytes.length - n));
            return true;
        }

        @Override
        public void close() throws IOException {
            conn.close();
        }
    }

    private record OfSocket(Socket socket, InputStream in, OutputStream out) implements End {
        OfSocket(Socket socket) throws IOException {
            this(socket, socket.getInputStream(), socket.getOutputStream());
        }

        @Override
        public void write(byte[] bytes) throws IOException {
            out.write(bytes);
        }

        @Override
        public boolean read(byte[] bytes) throws IOException {
            return in.readNBytes(bytes, 0, bytes.length) == bytes.length;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static Pairs plain() throws IOException {
        Listener listener = Net.listen("tcp", "localhost:0");
        return () -> {
            Conn client = Net.dial("tcp", listener.address().toString());
            return new End[] {new OfConn(client), new OfConn(listener.accept())};
        };
    }

    private static Pairs tls(String[] args) throws IOException {
        TlsContext servers = TlsContext.load(new TlsConfig().certificate(Path.of(args[2]), Path.of(args[3])));
        TlsContext clients = TlsContext.load(new TlsConfig().authority(Path.of(args[2])));
        var listener = servers.listener(Net.listen("tcp", "127.0.0.1:0"));
        String address = listener.address().toString().replace("127.0.0.1", "localhost");
        return () -> {
            try (ExecutorService one = Heddle.shared().newThreadPerTaskExecutor()) {
                var accepted = one.submit(() -> {
                    var conn = listener.accept();
                    conn.handshake();
                    return conn;
                });
                Conn client = clients.dialer(new Dialer()).dial("tcp4", address);
                return new End[] {new OfConn(client), new OfConn(accepted.get())};
            }
        };
    }

    private static Pairs sockets(String[] args) throws Exception {
        KeyStore store = KeyStore.getInstance(Path.of(args[0]).toFile(), args[1].toCharArray());
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, args[1].toCharArray());
        KeyStore believed = KeyStore.getInstance(KeyStore.getDefaultType());
        believed.load(null, null);
        Certificate certificate = store.getCertificate(store.aliases().nextElement());
        believed.setCertificateEntry("authority", certificate);
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(believed);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        InetAddress loopback = InetAddress.getLoopbackAddress();
        ServerSocket listener = context.getServerSocketFactory().createServerSocket(0, 1000, loopback);
        return () -> {
            try (ExecutorService one = Executors.newVirtualThreadPerTaskExecutor()) {
                var accepted = one.submit(() -> {
                    SSLSocket socket = (SSLSocket) listener.accept();
                    socket.setTcpNoDelay(true);
                    socket.setEnabledCipherSuites(new String[] {"TLS_AES_128_GCM_SHA256"});
                    socket.startHandshake();
                    return socket;
                });
                SSLSocket client =
                        (SSLSocket) context.getSocketFactory().createSocket(loopback, listener.getLocalPort());
                client.setTcpNoDelay(true);
                client.startHandshake();
                return new End[] {new OfSocket(client), new OfSocket(accepted.get())};
            }
        };
    }
}
