package heddle.net;

import heddle.testing.Await;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import javax.management.ObjectName;

/**
 * Uses a runtime of each way that is possible, and the shared one, and closes them. Without any library, since this
 * runs in a class loader of its own, which a library may hold.
 */
public final class UsesHeddle implements Runnable {

    /** For reflection. */
    public UsesHeddle() {}

    /** The same as a program. */
    public static void main(String[] args) {
        new UsesHeddle().run();
    }

    @Override
    public void run() {
        try {
            if (Heddle.shared().missingFlags().isEmpty()) {
                for (Way way : Way.values()) {
                    use(Heddle.builder().way(way).parallelism(2).start());
                }
            }
            Heddle.shared().way();
            var bean = new ObjectName("dev.heddle:type=Runtime");
            Await.until(
                    bean + " is registered",
                    () -> ManagementFactory.getPlatformMBeanServer().isRegistered(bean));
            use(Heddle.shared());
            if (ManagementFactory.getPlatformMBeanServer().isRegistered(bean)) {
                throw new IllegalStateException("its bean stayed");
            }
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    private static void use(Heddle heddle) throws IOException, InterruptedException {
        try (heddle;
                Listener listener = heddle.listenConfig().listen("tcp", "localhost:0")) {
            Thread server = heddle.ofVirtual().start(() -> echo(listener));
            try (Conn conn = heddle.dialer().dial("tcp", listener.address().toString())) {
                conn.write(new byte[] {5});
                byte[] got = new byte[1];
                if (conn.read(got) != 1 || got[0] != 5) {
                    throw new IllegalStateException("no echo");
                }
            }
            server.join();
            if (heddle.dump().isEmpty()) {
                throw new IllegalStateException("no dump");
            }
        }
    }

    private static void echo(Listener listener) {
        byte[] buffer = new byte[1];
        try (Conn conn = listener.accept()) {
            while (conn.read(buffer) >= 0) {
                conn.write(buffer);
            }
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
