package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Await;
import heddle.testing.ForkedJvm;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The first use of Heddle in a JVM. */
@Ways
@Tag("thorough")
class StartUpTest {

    /**
     * Those who come second wait in the JVM for the class that the first initialises, and hold their carriers
     * meanwhile; so does the first. What it waits for must not need another carrier of the JDK's.
     */
    @Test
    void firstUseByThreadsOnAllOfTheJdksCarriers() throws Exception {
        ForkedJvm jvm = ForkedJvm.start(FirstUse.class, List.of("-Djdk.virtualThreadScheduler.parallelism=2"));
        assertThat(jvm.output()).contains("all have used it");
    }

    static final class FirstUse {

        private FirstUse() {}

        public static void main(String[] args) throws Exception {
            List<Thread> users = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                users.add(Thread.ofVirtual().start(() -> Heddle.shared().way()));
            }
            for (Thread user : users) {
                if (!user.join(Duration.ofSeconds(30))) {
                    System.out.println("stuck: " + user);
                    System.exit(1);
                }
            }
            System.out.println("all have used it");
        }
    }

    /** The JDK's pollers stay, for the life of the JVM, with the scheduler of the thread that first needs one. */
    @Test
    void javaNetOnOurThreadsLeavesTheJdksPollersOnTheJdksCarriers() throws Exception {
        ForkedJvm jvm = ForkedJvm.start(UsesJavaNet.class, List.of("--add-opens=java.base/sun.nio.ch=ALL-UNNAMED"));
        assertThat(jvm.output())
                .contains("on java.util.concurrent.ForkJoinPool")
                .doesNotContain("on heddle");
    }

    static final class UsesJavaNet {

        private UsesJavaNet() {}

        public static void main(String[] args) throws Exception {
            Task.run(UsesJavaNet::readLate).result();
            Class<?> poller = Class.forName("sun.nio.ch.Poller");
            Object all = field(poller, "POLLERS").get(null);
            Object[] pollers = (Object[]) field(all.getClass(), "readPollers").get(all);
            for (Object each : pollers) {
                Object thread = field(poller, "owner").get(each);
                Object on = field(thread.getClass(), "scheduler").get(thread);
                System.out.println(thread + " on " + on.getClass().getName());
            }
        }

        private static Field field(Class<?> of, String name) throws ReflectiveOperationException {
            Field field = of.getDeclaredField(name);
            field.setAccessible(true);
            return field;
        }

        /** A read that must wait, so that java.net needs its poller. */
        private static void readLate() throws Exception {
            try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    var left = new Socket(listener.getInetAddress(), listener.getLocalPort());
                    var right = listener.accept()) {
                Task<Integer> reader = Task.start(() -> read(left));
                Await.until("the reader waits", () -> reader.thread().getState() == Thread.State.WAITING);
                right.getOutputStream().write(7);
                assertThat(reader.result()).isEqualTo(7);
            }
        }

        private static int read(Socket socket) throws IOException {
            return socket.getInputStream().read();
        }
    }
}
