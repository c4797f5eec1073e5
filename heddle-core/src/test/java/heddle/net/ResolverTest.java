package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.Life;
import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names: one lookup for all that ask at once, which outlives each of them. */
@Ways
class ResolverTest {

    private static final InetAddress ADDRESS = InetAddress.ofLiteral("192.0.2.1");

    private final AtomicInteger begun = new AtomicInteger();

    /** Lets the lookups of {@link #slow} answer. */
    private final CountDownLatch answer = new CountDownLatch(1);

    /** Looks up as slowly as a test wants. */
    private final Resolver slow = new Resolver(
            host -> {
                begun.incrementAndGet();
                awaitUninterruptibly(answer);
                if (host.equals("nobody")) {
                    throw new UnknownHostException(host);
                }
                return new InetAddress[] {ADDRESS};
            },
            new Life(null, "test"));

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void letAllEnd() {
        answer.countDown();
    }

    private InetAddress[] lookup(String network, String host, Deadline deadline) throws Exception {
        return slow.lookup("dial", network, host, deadline);
    }

    @ParameterizedTest
    @EnumSource
    @Behaviour({185, 186})
    void interruptEndsTheCallerAndNotTheLookup(InterruptTest.Caller caller) throws Exception {
        Task<InetAddress[]> first = caller.start(() -> lookup("tcp", "somebody", Deadline.NONE));
        Await.until("the lookup has begun", () -> begun.get() == 1);
        Task<InetAddress[]> second = caller.start(() -> lookup("tcp", "somebody", Deadline.NONE));
        first.thread().interrupt();
        var e = first.failure(CallInterruptedException.class);
        assertThat(e).hasMessage("dial tcp: lookup somebody: interrupted");
        assertThat(second.isDone()).isFalse();
        answer.countDown();
        assertThat(second.result()).containsExactly(ADDRESS);
        assertThat(lookup("tcp", "somebody", Deadline.NONE)).containsExactly(ADDRESS);
    }

    @Test
    @Behaviour(187)
    void allThatAskAtOnceShareOneLookup() throws Exception {
        List<Task<InetAddress[]>> callers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            String network = List.of("tcp", "tcp4", "tcp6").get(i % 3);
            callers.add(Task.start(() -> lookup(network, "somebody", Deadline.NONE)));
        }
        Task<InetAddress[]> other = Task.start(() -> lookup("tcp", "other", Deadline.NONE));
        for (Task<InetAddress[]> caller : callers) {
            Await.until("it waits", () -> caller.thread().getState() == Thread.State.WAITING);
        }
        Await.until("both lookups have begun", () -> begun.get() == 2);
        answer.countDown();
        for (Task<InetAddress[]> caller : callers) {
            assertThat(caller.result()).containsExactly(ADDRESS);
        }
        assertThat(other.result()).containsExactly(ADDRESS);
        assertThat(begun).hasValue(2);
        // What is over is not shared: names change.
        lookup("tcp", "somebody", Deadline.NONE);
        assertThat(begun).hasValue(3);
    }

    @Test
    @Behaviour(193)
    void deadlineEndsTheCallerByItsType() throws Exception {
        for (int i = 0; i < 3; i++) {
            var e = assertThrows(
                    DeadlineExceededException.class, () -> lookup("tcp", "somebody", Streams.inMillis(10)));
            assertThat(e).hasMessage("dial tcp: lookup somebody: i/o timeout");
            assertThat(e.timeout()).isTrue();
        }
        assertThat(begun).as("shared by all that gave up").hasValue(1);
        assertThrows(DeadlineExceededException.class, () -> lookup("tcp", "other", Deadline.PAST));
        assertThat(begun).as("nothing begun too late").hasValue(1);
        answer.countDown();
        assertThat(lookup("tcp", "somebody", Streams.inMillis(30_000))).containsExactly(ADDRESS);
    }

    @Test
    @Behaviour({189, 191})
    void unknownHostIsToldToAllByItsType() throws Exception {
        Task<InetAddress[]> first = Task.start(() -> lookup("tcp", "nobody", Deadline.NONE));
        Task<InetAddress[]> second = Task.start(() -> lookup("tcp", "nobody", Deadline.NONE));
        answer.countDown();
        for (Task<InetAddress[]> caller : List.of(first, second)) {
            var e = caller.failure(HostNotFoundException.class);
            assertThat(e).hasMessage("dial tcp: lookup nobody: no such host");
            assertThat(e.timeout()).isFalse();
            assertThat(e).hasCauseInstanceOf(UnknownHostException.class);
        }
    }

    /** As where the system has no thread left for the JVM. */
    @Test
    void lookupThatCannotBeginIsNotWaitedForByLaterOnes() throws Exception {
        var missing = new AtomicInteger(1);
        var resolver = new Resolver(
                _ -> new InetAddress[] {ADDRESS},
                task -> {
                    if (missing.getAndDecrement() > 0) {
                        throw new OutOfMemoryError("unable to create native thread");
                    }
                    Thread.ofPlatform().start(task);
                },
                new Life(null, "test"));
        assertThrows(OutOfMemoryError.class, () -> resolver.lookup("dial", "tcp", "somebody", Deadline.NONE));
        assertThat(resolver.lookup("dial", "tcp", "somebody", Streams.inMillis(30_000)))
                .containsExactly(ADDRESS);
    }

    /** The C library would take it for what stands before the NUL. */
    @ParameterizedTest
    @ValueSource(strings = {"localhost\0", "local\0host", "\0"})
    @Behaviour(188)
    void nulInANameIsNoHost(String host) {
        assertThatThrownBy(() -> Runtimes.dial("tcp", host + ":1"))
                .isInstanceOf(HostNotFoundException.class)
                .hasMessage("dial tcp: lookup " + host + ": no such host");
    }

    @Test
    @Behaviour(189)
    void nameThatNobodyHasIsNotFound() {
        // RFC 6761 section 6.4: never a name.
        assertThatThrownBy(() -> Runtimes.listen("tcp", "heddle.invalid:0"))
                .isInstanceOf(HostNotFoundException.class)
                .hasMessage("listen tcp: lookup heddle.invalid: no such host");
    }

    @Test
    void systemsNamesAreFound() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "localhost:0");
                Conn dialed = Runtimes.dial("tcp", "localhost:" + ((TcpAddr) listener.address()).port())) {
            assertThat(dialed.remoteAddress()).isEqualTo(listener.address());
        }
    }

    /** Lookups that hang keep nobody from an address. */
    @Test
    void literalsAreNotLookedUp() throws Exception {
        List<Task<InetAddress[]>> hanging = new ArrayList<>();
        for (int i = 0; i < Resolver.THREADS_MAX; i++) {
            String host = "host" + i;
            hanging.add(Task.start(() -> lookup("tcp", host, Deadline.NONE)));
        }
        Await.until("all threads are taken", () -> begun.get() == Resolver.THREADS_MAX);
        try (Listener four = Runtimes.listen("tcp", "127.0.0.1:0");
                Listener six = Runtimes.listen("tcp", "[::1]:0")) {
            Runtimes.dial("tcp", four.address().toString()).close();
            Runtimes.dial("tcp", six.address().toString()).close();
            Runtimes.dial("tcp", ":" + ((TcpAddr) four.address()).port()).close();
            assertThrows(DeadlineExceededException.class, () -> lookup("tcp", "one more", Streams.inMillis(20)));
        }
        answer.countDown();
        for (Task<InetAddress[]> lookup : hanging) {
            assertThat(lookup.result()).containsExactly(ADDRESS);
        }
    }
}
