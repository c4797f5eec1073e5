package heddle.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.net.Addr;
import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.Listener;
import heddle.net.Net;
import heddle.net.NetError;
import heddle.net.TcpAddr;
import heddle.testing.Await;
import heddle.testing.Behaviour;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ServerTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    private final List<AutoCloseable> opened = new ArrayList<>();
    private Server server;
    private FutureTask<Void> serving;
    private int port;

    private Listener listen() throws IOException {
        var listener = Net.listen("tcp", "127.0.0.1:0");
        port = ((TcpAddr) listener.address()).port();
        return listener;
    }

    private void serve(Listener listener, SessionFactory sessions, int connectionsMax) {
        server = new Server(listener, sessions, connectionsMax);
        serving = new FutureTask<>(() -> {
            server.serve();
            return null;
        });
        Thread.startVirtualThread(serving);
    }

    private Socket dial() throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port);
        opened.add(socket);
        return socket;
    }

    private static void echo(Socket socket, int value) throws IOException {
        socket.getOutputStream().write(value);
        assertThat(socket.getInputStream().read()).isEqualTo(value);
    }

    @AfterEach
    void end() throws Exception {
        for (var socket : opened) {
            socket.close();
        }
        if (server != null) {
            server.stop(LONG);
        }
    }

    @Test
    void eachConnectionIsServed() throws Exception {
        serve(listen(), EchoSession::new, 100);
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            sockets.add(dial());
        }
        for (int i = 0; i < 20; i++) {
            echo(sockets.get(i), i);
        }
        assertThat(server.connections()).isEqualTo(20);
    }

    @Test
    @Behaviour(204)
    void atTheBoundTheNextClientWaitsInTheBacklogUntilOneLeaves() throws Exception {
        serve(listen(), EchoSession::new, 2);
        echo(dial(), 1);
        var second = dial();
        echo(second, 2);
        var third = dial();
        third.getOutputStream().write(3);
        third.setSoTimeout(50);
        assertThatThrownBy(third.getInputStream()::read).hasMessageContaining("timed out");
        assertThat(server.connections()).isEqualTo(2);
        second.close();
        third.setSoTimeout(0);
        assertThat(third.getInputStream().read()).isEqualTo(3);
    }

    @Test
    @Behaviour(205)
    void thereAreNeverMoreSessionsThanTheBound() throws Exception {
        var now = new AtomicInteger();
        var most = new AtomicInteger();
        serve(
                listen(),
                conn -> session(
                        () -> {
                            most.accumulateAndGet(now.incrementAndGet(), Math::max);
                            new EchoSession(conn).run();
                            now.decrementAndGet();
                        },
                        () -> {}),
                3);
        List<Socket> clients = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            clients.add(dial());
        }
        Await.until("as many sessions as there may be", () -> now.get() == 3);
        for (int i = 0; i < 15; i++) {
            echo(clients.get(i), i);
            clients.get(i).close();
        }
        assertThat(most).hasValue(3);
    }

    @Test
    @Behaviour({206, 220})
    void aLackOfDescriptorsIsWaitedOut() throws Exception {
        Queue<Integer> errnos = new ArrayDeque<>(List.of(24, 23, 105, 12)); // EMFILE ENFILE ENOBUFS ENOMEM
        var failing = new FailingListener(listen(), errnos);
        serve(failing, EchoSession::new, 10);
        echo(dial(), 1);
        assertThat(errnos).isEmpty();
    }

    @Test
    void theBackOffDoublesFromFiveMillisecondsToASecond() {
        List<Long> millis = new ArrayList<>();
        long nanos = 0;
        for (int i = 0; i < 10; i++) {
            nanos = Server.nextBackoff(nanos);
            millis.add(nanos / 1_000_000);
        }
        assertThat(millis).containsExactly(5L, 10L, 20L, 40L, 80L, 160L, 320L, 640L, 1000L, 1000L);
    }

    @Test
    void stopEndsTheBackOff() throws Exception {
        Queue<Integer> errnos = new ArrayDeque<>();
        for (int i = 0; i < 10_000; i++) {
            errnos.add(24);
        }
        serve(new FailingListener(listen(), errnos), EchoSession::new, 10);
        Await.until("two failures", () -> errnos.size() <= 9_998);
        assertThat(server.stop(LONG)).isZero();
        serving.get();
    }

    @Test
    @Behaviour(206)
    void anotherFailureOfTheListenerEndsServing() throws Exception {
        serve(new FailingListener(listen(), new ArrayDeque<>(List.of(9))), EchoSession::new, 10);
        assertThatThrownBy(serving::get).isInstanceOf(ExecutionException.class).hasRootCauseInstanceOf(FakeErrno.class);
    }

    @Test
    void aListenerThatSomebodyElseClosedEndsServing() throws Exception {
        var listener = listen();
        serve(listener, EchoSession::new, 10);
        listener.close();
        assertThatThrownBy(serving::get).hasMessageContaining("use of closed network connection");
    }

    @Test
    @Behaviour(207)
    void stopWakesAnAcceptLoopAtTheBound() throws Exception {
        serve(listen(), EchoSession::new, 1);
        echo(dial(), 1);
        assertThat(server.stop(LONG)).isZero();
        serving.get();
    }

    @Test
    void stopLetsSessionsFinish() throws Exception {
        var told = new CountDownLatch(1);
        var mayEnd = new CountDownLatch(1);
        serve(listen(), conn -> session(mayEnd::await, told::countDown), 10);
        var client = dial();
        Await.until("a connection", () -> server.connections() > 0);
        var stopped = new FutureTask<>(() -> server.stop(LONG));
        Thread.startVirtualThread(stopped);
        told.await();
        assertThat(stopped.isDone()).isFalse();
        mayEnd.countDown();
        assertThat(stopped.get()).isZero();
        assertThat(client.getInputStream().read()).isEqualTo(-1);
    }

    @Test
    void stopClosesTheConnectionsOfSessionsThatDoNotEnd() throws Exception {
        serve(listen(), conn -> session(() -> conn.read(new byte[1]), () -> {}), 10);
        var client = dial();
        Await.until("a connection", () -> server.connections() > 0);
        assertThat(server.stop(Duration.ofMillis(20))).isEqualTo(1);
        assertThat(server.connections()).isZero();
        assertThat(client.getInputStream().read()).isEqualTo(-1);
    }

    @Test
    void aSessionThatFailsHarmsNobodyElse() throws Exception {
        var first = new CountDownLatch(1);
        serve(
                listen(),
                conn -> {
                    if (first.getCount() == 0) {
                        return new EchoSession(conn);
                    }
                    first.countDown();
                    return session(
                            () -> {
                                throw new IllegalStateException("on purpose, from the test");
                            },
                            () -> {});
                },
                10);
        assertThat(dial().getInputStream().read()).isEqualTo(-1);
        echo(dial(), 1);
    }

    @Test
    void aSessionThatCannotBeMadeClosesItsConnectionOnly() throws Exception {
        var first = new CountDownLatch(1);
        serve(
                listen(),
                conn -> {
                    if (first.getCount() == 0) {
                        return new EchoSession(conn);
                    }
                    first.countDown();
                    throw new IllegalStateException("on purpose, from the test");
                },
                10);
        assertThat(dial().getInputStream().read()).isEqualTo(-1);
        echo(dial(), 1);
    }

    /** A connection that is accepted while the server stops must be found by the stop, however narrow the gap. */
    @RepeatedTest(20)
    void noSessionOutlivesTheStop() throws Exception {
        serve(listen(), EchoSession::new, 100);
        var dialing = new FutureTask<>(() -> {
            try {
                while (true) {
                    dial();
                }
            } catch (IOException refused) {
                return null;
            }
        });
        Thread.startVirtualThread(dialing);
        while (server.connections() < 3) {
            Thread.onSpinWait();
        }
        server.stop(LONG);
        assertThat(server.connections()).isZero();
        serving.get();
        dialing.get();
    }

    private interface Run {
        void run() throws IOException, InterruptedException;
    }

    private static Session session(Run run, Runnable drain) {
        return new Session() {
            @Override
            public void run() throws IOException, InterruptedException {
                run.run();
            }

            @Override
            public void drain() {
                drain.run();
            }
        };
    }

    /** Fails with the given errnos first. */
    private record FailingListener(Listener listener, Queue<Integer> errnos) implements Listener {
        @Override
        public Conn accept() throws IOException {
            Integer errno = errnos.poll();
            if (errno != null) {
                throw new FakeErrno(errno);
            }
            return listener.accept();
        }

        @Override
        public void setDeadline(Deadline deadline) throws IOException {
            listener.setDeadline(deadline);
        }

        @Override
        public Addr address() {
            return listener.address();
        }

        @Override
        public boolean isOpen() {
            return listener.isOpen();
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }

    private static final class FakeErrno extends IOException implements NetError {
        private static final long serialVersionUID = 1;

        private final int errno;

        FakeErrno(int errno) {
            super("accept tcp: errno " + errno);
            this.errno = errno;
        }

        @Override
        public Details details() {
            return new Details("accept", "tcp", null, null, errno, false, 0);
        }
    }
}
