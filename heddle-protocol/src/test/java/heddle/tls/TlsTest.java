package heddle.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.net.CallInterruptedException;
import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.ConnPair;
import heddle.net.ConnResetException;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.net.Parked;
import heddle.net.Pipe;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.TestAuthority;
import heddle.testing.Ways;
import heddle.tls.TlsConfig.ClientCertificate;
import heddle.tls.TlsException.Reason;
import heddle.tls.TlsPairs.Pair;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What TLS adds to a connection, between two ends of Heddle over sockets. */
@Ways
class TlsTest {

    private static final byte[] HELLO = "hello".getBytes(StandardCharsets.US_ASCII);

    @Test
    void handshakeSaysWhatWasAgreedOn() throws Exception {
        TlsContext servers = TlsContext.load(TlsPairs.serverConfig().protocols("one/2", "one/1"));
        TlsContext clients = TlsContext.load(TlsPairs.clientConfig().protocols("one/1"));
        try (Pair pair = Pair.over(ConnPair.tcp(), clients, servers)) {
            TlsSession client = pair.client().handshake();
            assertThat(client.version()).isEqualTo("TLSv1.3");
            assertThat(client.cipherSuite()).isEqualTo("TLS_AES_128_GCM_SHA256");
            assertThat(client.protocol()).isEqualTo("one/1");
            assertThat(client.peerSubject()).isEqualTo("CN=localhost");
            assertThat(client.peerNames()).containsExactly("localhost", "127.0.0.1");
            TlsSession server = pair.server().session();
            assertThat(server).isNotNull();
            assertThat(server.protocol()).isEqualTo("one/1");
            assertThat(server.serverName()).isEqualTo("localhost");
            assertThat(server.peerCertificates()).isEmpty();
            assertThat(server.peerSubject()).isEmpty();
            assertThat(server.peerNames()).isEmpty();
            assertThat(pair.client()).asString().startsWith("tls over tcp 127.0.0.1:");
        }
    }

    @Test
    void listenerAndDialerSpeakIt() throws Exception {
        try (TlsListener listener = TlsPairs.server().listener(Runtimes.listen("tcp", "127.0.0.1:0"))) {
            Task<Void> echo = Task.run(() -> {
                try (TlsConn conn = listener.accept()) {
                    conn.transferTo(conn);
                    conn.closeWrite();
                }
            });
            TlsDialer dialer = TlsPairs.client().dialer(Runtimes.dialer());
            try (TlsConn conn = dialer.dial("tcp", listener.address().toString())) {
                conn.write(HELLO);
                conn.readFully(new byte[HELLO.length]);
                conn.closeWrite();
                assertThat(conn.read(new byte[1])).isEqualTo(-1);
            }
            echo.result();
            assertThat(listener.isOpen()).isTrue();
        }
    }

    @Test
    @Tag("thorough")
    void serverShowsTheCertificateThatIsAskedFor() throws Exception {
        TestAuthority authority = TlsPairs.authority();
        var shop = authority.issue("shop.example", "*.shop.example");
        var rsa = authority.issue("RSA", Duration.ofDays(-1), Duration.ofDays(1), "rsa.example");
        TlsContext servers = TlsContext.load(
                TlsPairs.serverConfig().certificate(shop.chain(), shop.key()).certificate(rsa.chain(), rsa.key()));
        for (String[] asked : new String[][] {
            {"shop.example", "CN=shop.example"},
            {"till.SHOP.example", "CN=shop.example"},
            {"rsa.example", "CN=rsa.example"},
            {"localhost", "CN=localhost"},
            {"127.0.0.1", "CN=localhost"}
        }) {
            ConnPair below = ConnPair.tcp();
            try (TlsConn client = TlsPairs.client().client(below.left(), asked[0], 1);
                    TlsConn server = servers.server(below.right())) {
                Task<TlsSession> shaking = Task.start(server::handshake);
                assertThat(client.handshake().peerSubject()).isEqualTo(asked[1]);
                shaking.result();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"OPTIONAL", "REQUIRED"})
    void clientCertificateNamesTheClient(ClientCertificate wanted) throws Exception {
        var till = TlsPairs.authority().issue("till-7", "till-7.shop.example");
        TlsContext servers = TlsContext.load(
                TlsPairs.serverConfig().authority(TlsPairs.authority().file()).clientCertificate(wanted));
        TlsContext clients = TlsContext.load(TlsPairs.clientConfig().certificate(till.chain(), till.key()));
        try (Pair pair = Pair.over(ConnPair.tcp(), clients, servers)) {
            assertThat(pair.server().handshake().peerSubject()).isEqualTo("CN=till-7");
            assertThat(pair.server().handshake().peerNames()).containsExactly("till-7", "till-7.shop.example");
        }
    }

    /** Both ends' failures of one handshake, the server's first. */
    private static TlsException[] refused(TlsContext clients, TlsContext servers, String host) throws Exception {
        ConnPair below = ConnPair.tcp();
        TlsConn server = servers.server(below.right());
        Task<Integer> serving = Task.start(() -> {
            try (server) {
                return server.read(new byte[1]);
            }
        });
        TlsException client;
        try (TlsConn conn = clients.client(below.left(), host, 1)) {
            client = assertThrows(TlsException.class, () -> conn.read(new byte[1]));
            assertThat(assertThrows(TlsException.class, () -> conn.write(new byte[1])))
                    .hasMessage(client.getMessage());
        }
        return new TlsException[] {serving.failure(TlsException.class), client};
    }

    @Test
    void wrongHostUnknownAuthorityAndExpiryAreTold() throws Exception {
        TlsException[] host = refused(TlsPairs.client(), TlsPairs.server(), "other.example");
        assertThat(host[1].reason()).isEqualTo(Reason.WRONG_HOST);
        assertThat(host[1]).hasMessageContaining("is for other names").hasMessageContaining("other.example");
        assertThat(host[0].reason()).isEqualTo(Reason.PEER_ALERT);
        assertThat(host[0])
                .hasMessageContaining("certificate_unknown")
                .hasMessageContaining("this server's certificate");

        var stranger = new TestAuthority(TlsPairs.folder(), "stranger");
        TlsContext strangers = TlsContext.load(new TlsConfig().authority(stranger.file()));
        TlsException[] unknown = refused(strangers, TlsPairs.server(), "localhost");
        assertThat(unknown[1].reason()).isEqualTo(Reason.UNKNOWN_AUTHORITY);
        assertThat(unknown[1]).hasMessageContaining("name the right CA file");
        TlsContext anyOfTheWeb = TlsContext.load(new TlsConfig());
        assertThat(refused(anyOfTheWeb, TlsPairs.server(), "localhost")[1].reason())
                .isEqualTo(Reason.UNKNOWN_AUTHORITY);
    }

    @Test
    void clientWithoutTheCertificateThatIsRequiredIsRefusedAndToldWhy() throws Exception {
        TlsContext servers = TlsContext.load(TlsPairs.serverConfig()
                .authority(TlsPairs.authority().file())
                .clientCertificate(ClientCertificate.REQUIRED));
        TlsException[] both = refused(TlsPairs.client(), servers, "localhost");
        assertThat(both[0].reason()).isEqualTo(Reason.CERTIFICATE_REQUIRED);
        assertThat(both[1].reason()).isIn(Reason.CERTIFICATE_REQUIRED, Reason.PEER_ALERT);
        assertThat(both[1]).hasMessageContaining("client certificate");
    }

    @Test
    void protocolsWithNothingInCommonAreRefused() throws Exception {
        TlsException[] both = refused(
                TlsContext.load(TlsPairs.clientConfig().protocols("mine")),
                TlsContext.load(TlsPairs.serverConfig().protocols("yours")),
                "localhost");
        assertThat(both[0].reason()).isEqualTo(Reason.PROTOCOL);
        assertThat(both[1].reason()).isEqualTo(Reason.PROTOCOL);
    }

    @ParameterizedTest
    @CsvSource({"GET / HTTP/1.1, NOT_TLS", "h, NOT_TLS"})
    void plainTextIsNamedAtOnce(String sent, Reason reason) throws Exception {
        try (ConnPair below = ConnPair.tcp()) {
            below.left().write(sent.getBytes(StandardCharsets.US_ASCII));
            TlsConn server = TlsPairs.server().server(below.right());
            TlsException told = assertThrows(TlsException.class, server::handshake);
            assertThat(told.reason()).isEqualTo(reason);
            assertThat(told).hasMessageContaining("the peer does not speak TLS: it began with \"" + sent);
            server.close();
            assertThat(below.left().read(new byte[1])).isEqualTo(-1);
        }
    }

    @Test
    void plainServerIsNamedToo() throws Exception {
        try (ConnPair below = ConnPair.tcp()) {
            below.right().write("220 mail".getBytes(StandardCharsets.US_ASCII));
            TlsConn client = TlsPairs.client().client(below.left(), "localhost", 1);
            assertThat(assertThrows(TlsException.class, client::handshake))
                    .hasMessageContaining("\"220 mail\"; dial it without TLS");
        }
    }

    @Test
    void endWithoutCloseNotifyIsATruncation() throws Exception {
        ConnPair below = ConnPair.tcp();
        try (Pair pair = Pair.over(below)) {
            pair.server().write(HELLO);
            below.right().closeWrite();
            pair.client().readFully(new byte[HELLO.length]);
            for (int i = 0; i < 2; i++) {
                TlsException cut =
                        assertThrows(TlsException.class, () -> pair.client().read(new byte[1]));
                assertThat(cut.reason()).isEqualTo(Reason.TRUNCATED);
                assertThat(cut).hasMessageContaining("without close_notify");
            }
            assertThat(pair.client().peerClosed()).isTrue();
        }
    }

    @Test
    void slowHandshakeIsEndedByItsOwnTimeout() throws Exception {
        TlsContext servers = TlsContext.load(TlsPairs.serverConfig().handshakeTimeout(Duration.ofMillis(50)));
        try (ConnPair below = ConnPair.tcp()) {
            below.left().write(new byte[] {22, 3, 1}); // The beginning of a record.
            TlsConn server = servers.server(below.right());
            TlsException late = assertThrows(TlsException.class, () -> server.read(new byte[1]));
            assertThat(late.reason()).isEqualTo(Reason.HANDSHAKE_TIMEOUT);
            assertThat(late.timeout()).isTrue();
            assertThat(late).hasMessageContaining("within PT0.05S");
            server.close();
        }
    }

    @Test
    void handshakeGoesOnAfterDeadlineAndInterrupt() throws Exception {
        ConnPair silent = ConnPair.tcp();
        try (Pair pair = Pair.fresh(silent.left(), silent.right(), TlsPairs.client(), TlsPairs.server())) {
            pair.client().setReadDeadline(Deadline.after(Duration.ofMillis(10)));
            assertThrows(DeadlineExceededException.class, () -> pair.client().read(new byte[1]));
            assertThrows(DeadlineExceededException.class, () -> pair.client().handshake());
        }
        ConnPair below = ConnPair.tcp();
        try (Pair pair = Pair.fresh(below.left(), below.right(), TlsPairs.client(), TlsPairs.server())) {
            pair.client().setReadDeadline(Deadline.after(Duration.ofMillis(10)));
            assertThrows(DeadlineExceededException.class, () -> pair.client().read(new byte[1]));
            pair.client().setReadDeadline(Deadline.NONE);
            Task<Integer> writer = Task.start(() -> pair.client().write(HELLO));
            Parked.await(writer.thread());
            writer.thread().interrupt();
            writer.failure(CallInterruptedException.class);
            Task<Integer> again = Task.start(() -> pair.client().write(HELLO));
            pair.server().readFully(new byte[HELLO.length]);
            assertThat(again.result()).isEqualTo(HELLO.length);
        }
    }

    @Test
    void halfCloseOfTls12EndsBothDirectionsOfThePeer() throws Exception {
        ConnPair below = ConnPair.tcp();
        TlsConn old = TlsPairs.client().client(below.left(), "localhost", 1, "TLSv1.2");
        try (Pair pair = new Pair(old, TlsPairs.server().server(below.right()))) {
            Task<TlsSession> shaking = Task.start(() -> pair.client().handshake());
            assertThat(pair.server().handshake().version()).isEqualTo("TLSv1.2");
            shaking.result();
            pair.server().write(HELLO);
            pair.client().closeWrite();
            assertThat(pair.server().read(new byte[1])).isEqualTo(-1);
            byte[] hello = new byte[HELLO.length];
            pair.client().readFully(hello);
            assertThat(hello).isEqualTo(HELLO);
            assertThat(pair.client().read(new byte[1])).isEqualTo(-1);
            assertThrows(ConnResetException.class, () -> pair.server().write(HELLO));
        }
    }

    @Test
    void closeBeforeTheHandshakeAndHalfCloseBeforeIt() throws Exception {
        ConnPair below = ConnPair.tcp();
        try (Pair pair = Pair.fresh(below.left(), below.right(), TlsPairs.client(), TlsPairs.server())) {
            pair.client().closeWrite();
            Task<Integer> reader = Task.start(() -> pair.server().read(new byte[1]));
            assertThat(reader.result()).isEqualTo(-1);
            pair.server().write(HELLO);
            pair.client().readFully(new byte[HELLO.length]);
            assertThrows(ConnResetException.class, () -> pair.client().write(HELLO));
        }
        try (ConnPair silent = ConnPair.tcp()) {
            TlsConn server = TlsPairs.server().server(silent.right());
            Task<TlsSession> shaking = Task.start(server::handshake);
            Parked.await(shaking.thread());
            server.close();
            shaking.failure(ConnClosedException.class);
            assertThat(server.isOpen()).isFalse();
        }
    }

    /** A record that a deadline cuts is brought to its end, and its bytes count as taken. */
    @Test
    void writeCutWithinARecordCountsItAndNothingIsLostOrTwice() throws Exception {
        byte[] content = random(300_000, 7);
        try (Pair pair = Pair.over(ConnPair.pipe())) {
            pair.client().setWriteDeadline(Deadline.after(Duration.ofMillis(20)));
            DeadlineExceededException cut = assertThrows(
                    DeadlineExceededException.class, () -> pair.client().write(content));
            int taken = (int) cut.bytesTransferred();
            assertThat(taken).isBetween(1, 16 << 10);
            pair.client().setWriteDeadline(Deadline.NONE);
            Task<Integer> rest = Task.start(() -> pair.client().write(content, taken, content.length - taken));
            byte[] got = new byte[content.length];
            pair.server().readFully(got);
            assertThat(got).isEqualTo(content);
            rest.result();
            // The same by an interrupt; a write of one record is taken as a whole.
            Task<Boolean> writer = Task.start(() -> {
                assertThat(pair.client().write(HELLO)).isEqualTo(HELLO.length);
                return Thread.interrupted();
            });
            Parked.await(writer.thread());
            writer.thread().interrupt();
            assertThat(writer.result()).isTrue();
            pair.server().readFully(new byte[HELLO.length]);
        }
    }

    /** Deadlines at any time, on both sides, over a wire that cuts anywhere: all bytes once and in order. */
    @Test
    void deadlinesWithinRecordsLoseNothing() throws Exception {
        long seed = System.nanoTime();
        byte[] content = random(20_000, seed);
        Pipe client = Runtimes.pipe();
        Pipe server = Runtimes.pipe();
        // On a busy machine each of some thousand wake-ups may take milliseconds.
        TlsContext clients = TlsContext.load(TlsPairs.clientConfig().handshakeTimeout(Duration.ofMinutes(1)));
        TlsContext servers = TlsContext.load(TlsPairs.serverConfig().handshakeTimeout(Duration.ofMinutes(1)));
        try (Pair pair = Pair.fresh(client.left(), server.left(), clients, servers)) {
            Task<Void> there = Task.run(() -> cut(client.right(), server.right(), new Random(seed)));
            Task<Void> back = Task.run(() -> cut(server.right(), client.right(), new Random(seed + 1)));
            Task<byte[]> reader = Task.start(() -> readWithDeadlines(pair.server(), new Random(seed + 2)));
            writeWithDeadlines(pair.client(), content, new Random(seed + 3));
            pair.client().closeWrite();
            assertThat(reader.result()).as("seed %d", seed).isEqualTo(content);
            client.right().close();
            server.right().close();
            there.result();
            back.result();
        }
    }

    private static void cut(Conn from, Conn to, Random random) {
        byte[] piece = new byte[4096];
        try {
            int n;
            while ((n = from.read(piece, 0, 1 + random.nextInt(random.nextInt(8) == 0 ? piece.length : 40))) >= 0) {
                to.write(piece, 0, n);
            }
            to.closeWrite();
        } catch (IOException ended) {
            assertThat(ended).isInstanceOfAny(ConnClosedException.class, ConnResetException.class);
        }
    }

    /** Up to 30 ms, mostly far less, but often enough for a wake-up on a busy machine. */
    private static Deadline soon(Random random) {
        return Deadline.afterNanos(random.nextInt(random.nextInt(4) == 0 ? 30_000_000 : 300_000));
    }

    private static byte[] readWithDeadlines(Conn conn, Random random) throws IOException {
        var all = new ByteArrayOutputStream();
        byte[] piece = new byte[4_000];
        while (true) {
            conn.setReadDeadline(soon(random));
            try {
                switch (random.nextInt(3)) {
                    case 0 -> conn.awaitReadable(soon(random));
                    case 1 -> {
                        if (conn.readLent(lent -> {
                                    byte[] some = new byte[1 + random.nextInt(lent.remaining())];
                                    lent.get(some);
                                    all.writeBytes(some);
                                })
                                < 0) {
                            return all.toByteArray();
                        }
                    }
                    default -> {
                        int n = conn.read(piece, 0, 1 + random.nextInt(piece.length));
                        if (n < 0) {
                            return all.toByteArray();
                        }
                        all.write(piece, 0, n);
                    }
                }
            } catch (DeadlineExceededException late) {
                assertThat(late.bytesTransferred()).isZero();
            }
        }
    }

    private static void writeWithDeadlines(Conn conn, byte[] content, Random random) throws IOException {
        int at = 0;
        while (at < content.length) {
            conn.setWriteDeadline(soon(random));
            ByteBuffer piece = ByteBuffer.wrap(content, at, Math.min(content.length - at, 1 + random.nextInt(4_000)));
            int start = piece.position();
            try {
                assertThat(conn.write(piece)).isEqualTo(piece.position() - start);
            } catch (DeadlineExceededException late) {
                assertThat(late.bytesTransferred()).isEqualTo(piece.position() - start);
            }
            at = piece.position();
        }
        conn.setWriteDeadline(Deadline.NONE);
    }

    @Test
    void garbageInsteadOfRecordsEndsTheConnectionWithAReason() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int i = 0; i < 20; i++) {
            ConnPair below = ConnPair.tcp();
            boolean ofServer = random.nextBoolean();
            boolean established = random.nextBoolean();
            Pair pair = established
                    ? Pair.over(below)
                    : Pair.fresh(below.left(), below.right(), TlsPairs.client(), TlsPairs.server());
            TlsConn hit = ofServer ? pair.server() : pair.client();
            Conn attacker = ofServer ? below.left() : below.right();
            byte[] garbage = random(1 + random.nextInt(400), seed + i);
            if (random.nextBoolean()) { // It looks like a record.
                garbage = Arrays.copyOf(garbage, garbage.length + 5);
                garbage[0] = (byte) (20 + random.nextInt(4));
                garbage[1] = 3;
                garbage[2] = 3;
                garbage[3] = (byte) ((garbage.length - 5) >> 8);
                garbage[4] = (byte) (garbage.length - 5);
            }
            attacker.write(garbage);
            attacker.closeWrite();
            try {
                assertThat(hit.read(new byte[1]))
                        .as("seed %d, round %d", seed, i)
                        .isEqualTo(-2);
            } catch (TlsException told) {
                assertThat(told.getMessage()).isNotEmpty();
            }
            below.close();
            hit.close();
        }
    }

    /**
     * A byte changed on the way, anywhere, in either direction: never other bytes, always a failure or the right ones.
     */
    @Test
    void changedBytesAreNeverDelivered() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        byte[] content = random(3000, seed);
        for (int i = 0; i < 15; i++) {
            Pipe client = Runtimes.pipe();
            Pipe server = Runtimes.pipe();
            Pair pair = Pair.fresh(client.left(), server.left(), TlsPairs.client(), TlsPairs.server());
            int at = random.nextInt(3000);
            boolean there = random.nextBoolean();
            var done = new AtomicBoolean();
            Task<Void> one = Task.run(() -> change(client.right(), server.right(), there ? at : -1, done));
            Task<Void> two = Task.run(() -> change(server.right(), client.right(), there ? -1 : at, done));
            Task<byte[]> reader = Task.start(() -> {
                try (TlsConn conn = pair.server()) {
                    byte[] got = new byte[content.length];
                    conn.readFully(got);
                    return got;
                }
            });
            try (TlsConn conn = pair.client()) {
                conn.write(content);
                conn.closeWrite();
                int n = conn.read(new byte[1]);
                assertThat(n).isEqualTo(-1);
                assertThat(reader.result()).isEqualTo(content);
            } catch (IOException told) {
                try {
                    assertThat(reader.result()).as("seed %d, round %d", seed, i).isEqualTo(content);
                } catch (IOException alsoTold) {
                    assertThat(alsoTold.getMessage()).isNotEmpty();
                }
            }
            client.right().close();
            server.right().close();
            one.result();
            two.result();
        }
    }

    private static void change(Conn from, Conn to, int at, AtomicBoolean done) {
        byte[] piece = new byte[4096];
        int left = at;
        try {
            int n;
            while ((n = from.read(piece)) >= 0) {
                if (left >= 0 && left < n && !done.getAndSet(true)) {
                    piece[left] ^= 1;
                }
                left -= n;
                to.write(piece, 0, n);
            }
            to.closeWrite();
        } catch (IOException ended) {
            // The other side gave up.
        }
    }

    @Test
    void transferCountsAcrossRecords() throws Exception {
        byte[] content = random(100_000, 3);
        try (Pair from = Pair.tcp();
                Pair to = Pair.over(ConnPair.pipe())) {
            Task<Integer> sender = Task.start(() -> from.client().write(content));
            Task<Long> transfer = Task.start(() -> from.server().transferTo(to.client(), 70_000));
            byte[] got = new byte[70_000];
            to.server().readFully(got);
            assertThat(got).isEqualTo(Arrays.copyOf(content, 70_000));
            assertThat(transfer.result()).isEqualTo(70_000);
            byte[] rest = new byte[30_000];
            from.server().readFully(rest);
            assertThat(rest).isEqualTo(Arrays.copyOfRange(content, 70_000, 100_000));
            sender.result();
            assertThatThrownBy(() -> from.server().transferTo(to.client(), -1))
                    .isInstanceOf(IllegalArgumentException.class);
            Task<Integer> more = Task.start(() -> from.client().write(HELLO));
            to.client().close();
            Task<Long> broken = Task.start(() -> from.server().transferTo(to.client()));
            assertThat(broken.failure(ConnClosedException.class).bytesTransferred())
                    .isZero();
            from.server().readFully(new byte[HELLO.length]);
            more.result();
        }
    }

    @Test
    void idleConnectionHoldsNoBuffer() throws Exception {
        try (Pair pair = Pair.tcp()) {
            Task<Integer> reader = Task.start(() -> pair.server().read(new byte[100_000]));
            pair.client().write(new byte[50_000]);
            int n = reader.result();
            while (n < 50_000) {
                n += pair.server().read(new byte[100]);
            }
            Task<Integer> idle = Task.start(() -> pair.server().read(new byte[1]));
            Parked.await(idle.thread());
            assertThat(pair.server().heldBytes()).isZero();
            assertThat(pair.client().heldBytes()).isZero();
            pair.client().write(HELLO);
            assertThat(idle.result()).isEqualTo(1);
            assertThat(pair.server().heldBytes()).isEqualTo(HELLO.length - 1);
        }
    }

    @Test
    void reloadedCertificateIsShownToNewClientsOnly() throws Exception {
        Path folder = Files.createDirectory(TlsPairs.folder().resolve("reload-" + System.nanoTime()));
        var first = TlsPairs.authority().issue("localhost", "first.example");
        var second = TlsPairs.authority().issue("localhost", "second.example");
        Path chain = folder.resolve("chain.pem");
        Path key = folder.resolve("key.pem");
        Files.copy(first.chain(), chain);
        Files.copy(first.key(), key);
        TlsContext servers = TlsContext.load(new TlsConfig().certificate(chain, key));
        try (Pair old = Pair.over(ConnPair.tcp(), TlsPairs.client(), servers)) {
            Files.copy(second.chain(), chain, StandardCopyOption.REPLACE_EXISTING);
            TlsFileException bad = assertThrows(TlsFileException.class, servers::reload);
            assertThat(bad.file()).isEqualTo(key);
            assertThat(bad).hasMessage(key + ": the key does not belong to the first certificate of " + chain);
            assertThat(shown(servers)).contains("first.example");
            Files.copy(second.key(), key, StandardCopyOption.REPLACE_EXISTING);
            servers.reload();
            assertThat(shown(servers)).contains("second.example");
            Task<Integer> writer = Task.start(() -> old.client().write(HELLO));
            old.server().readFully(new byte[HELLO.length]);
            writer.result();
        } finally {
            Files.delete(chain);
            Files.delete(key);
            Files.delete(folder);
        }
    }

    private static List<String> shown(TlsContext servers) throws Exception {
        try (Pair pair = Pair.over(ConnPair.tcp(), TlsPairs.client(), servers)) {
            return pair.client().handshake().peerNames();
        }
    }

    @Test
    void sessionsAreResumed() throws Exception {
        TlsContext clients = TlsContext.load(TlsPairs.clientConfig());
        TlsContext servers = TlsContext.load(TlsPairs.serverConfig());
        for (int i = 0; i < 3; i++) {
            try (Pair pair = Pair.over(ConnPair.tcp(), clients, servers)) {
                assertThat(pair.client().isResumed()).as("connection %d", i).isEqualTo(i > 0);
                assertThat(pair.client().handshake().peerSubject()).isEqualTo("CN=localhost");
            }
        }
    }

    private static byte[] random(int count, long seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
