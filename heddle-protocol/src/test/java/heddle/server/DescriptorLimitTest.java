package heddle.server;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.net.Addr;
import heddle.net.Conn;
import heddle.net.ConnRefusedException;
import heddle.net.Deadline;
import heddle.net.Dialer;
import heddle.net.Listener;
import heddle.net.Net;
import heddle.net.NetError;
import heddle.net.NetException;
import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.ForkedJvm;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that really is out of descriptors, in a JVM of its own in each way of running. */
@Timeout(60)
@Tag("thorough")
class DescriptorLimitTest {

    /** Room for so many descriptors; both limits, as a JVM raises its own up to the hard one (-XX:+MaxFDLimit). */
    private static final List<String> LIMITED = List.of("sh", "-c", "ulimit -n 200 && exec \"$@\"", "sh");

    private static final int FAILURES = 4;

    private static final int NO_LEVEL = 9999;
    private static final int NO_OPTION = 9999;

    @ParameterizedTest
    @ValueSource(strings = {"carriers", "jdk", "nio"})
    @Behaviour({203, 220})
    void serverOutOfDescriptorsBacksOffAndResumes(String mode) throws Exception {
        String printed = ForkedJvm.startBy(
                        LIMITED,
                        Exhausted.class,
                        // Else the managed bean registers itself meanwhile, which opens files.
                        List.of("--limit-modules=java.base,java.logging", "-Dheddle.way=" + mode))
                .output();
        assertThat(printed)
                .containsPattern("accept tcp 127.0.0.1:\\d+: .*too many open files; trying again")
                .contains("accepting again")
                .contains("served after the lack: 7");
    }

    /** Counts the accepts that failed for want of a descriptor. */
    private record Counting(Listener listener, AtomicInteger failures) implements Listener {
        @Override
        public Conn accept() throws IOException {
            try {
                return listener.accept();
            } catch (IOException e) {
                if (e instanceof NetError error && error.isRetryable()) {
                    failures.incrementAndGet();
                }
                throw e;
            }
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

    /** Uses all descriptors up but one, dials with that, and gives them back once accepting has failed some times. */
    static final class Exhausted {

        private Exhausted() {}

        public static void main(String[] args) throws Exception {
            var failures = new AtomicInteger();
            var listener = new Counting(Net.listen("tcp", "127.0.0.1:0"), failures);
            String address = listener.address().toString();
            var server = new Server(listener, EchoSession::new, 100);
            Thread serving = Thread.ofPlatform()
                    .daemon() // Else a failure below would wait for it.
                    .start(() -> {
                        try {
                            server.serve();
                        } catch (IOException | InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    });
            loadClasses(address);
            // A session that ends during the lack would end the lack.
            Await.until("no connections", () -> server.connections() == 0);
            Deque<Closeable> hogs = new ArrayDeque<>();
            hogAll(hogs);
            hogs.pop().close();
            long fromNanos = System.nanoTime();
            try (Conn client = Net.dial("tcp", address)) {
                client.write(new byte[] {7});
                Await.until("failures", () -> failures.get() >= FAILURES || !serving.isAlive());
                if (!serving.isAlive()) {
                    throw new AssertionError("the server gave up");
                }
                long elapsedNanos = System.nanoTime() - fromNanos;
                // 5, 10 and 20 ms lie between the first four.
                if (elapsedNanos < Duration.ofMillis(35).toNanos()) {
                    throw new AssertionError("no back-off: " + elapsedNanos + " ns");
                }
                while (!hogs.isEmpty()) {
                    hogs.pop().close();
                }
                byte[] echoed = new byte[1];
                client.read(echoed);
                System.out.println("served after the lack: " + echoed[0]);
            }
            server.stop(Duration.ofSeconds(10));
            serving.join();
        }

        /** Does all that will be done: a class from a folder, unlike one from a jar, takes a descriptor to load. */
        private static void loadClasses(String address) throws IOException {
            echo(address, 1);
            Dialer failing =
                    new Dialer().control((network, remote, socket) -> socket.setOption(NO_LEVEL, NO_OPTION, 0));
            try {
                failing.dial("tcp", address).close();
                throw new AssertionError("an option of nobody was set");
            } catch (NetException noSuchOption) {
                System.out.println(noSuchOption.isRetryable());
            }
            Listener gone = Net.listen("tcp", "127.0.0.1:0");
            gone.close();
            try {
                Net.dial("tcp", gone.address().toString()).close();
                throw new AssertionError("dialed somebody else");
            } catch (ConnRefusedException refused) {
                System.out.println(refused.isRetryable());
            }
        }

        private static void hogAll(Deque<Closeable> hogs) throws IOException {
            try {
                while (true) {
                    hogs.push(new FileInputStream("/dev/null"));
                }
            } catch (FileNotFoundException tooManyOpenFiles) {
                if (hogs.isEmpty()) {
                    throw tooManyOpenFiles;
                }
            }
        }

        private static void echo(String address, int value) throws IOException {
            try (Conn client = Net.dial("tcp", address)) {
                client.write(new byte[] {(byte) value});
                client.read(new byte[1]);
            }
        }
    }
}
