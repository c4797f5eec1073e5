package heddle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.Client;
import heddle.gateway.ClientOptions;
import heddle.gateway.Result;
import heddle.gateway.StoreReader;
import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.Net;
import heddle.testing.Await;
import heddle.testing.NotifySocket;
import heddle.testing.Task;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Servers that follow one another at an address and a data folder, while clients come all the time. */
@Tag("thorough")
@Timeout(300)
class RestartTest {
    private static final int RESTARTS = 10;

    @TempDir
    private Path folder;

    private Path data() {
        return folder.resolve("data");
    }

    private List<String> serve(String... more) {
        List<String> command = new ArrayList<>(ServeProcess.java());
        command.addAll(List.of("serve", "--data=" + data()));
        command.addAll(List.of(more));
        return command;
    }

    private Path stderr(Object name) {
        return folder.resolve("err-" + name);
    }

    private ProcessBuilder process(Object name, List<String> command) {
        return new ProcessBuilder(command).redirectError(stderr(name).toFile());
    }

    private void awaitSaid(Object name, String what) throws Exception {
        Await.until(
                () -> what + " in " + said(name),
                () -> Files.readString(stderr(name)).contains(what));
    }

    /** Clients of all kinds, who come until the test has seen enough. */
    private final class Clients {
        private final String address;
        private final AtomicInteger refused = new AtomicInteger();
        private final AtomicInteger reset = new AtomicInteger();
        private final AtomicInteger closed = new AtomicInteger();
        private final AtomicInteger served = new AtomicInteger();
        private final AtomicInteger sent = new AtomicInteger();
        private final AtomicInteger settled = new AtomicInteger();
        private final AtomicInteger other = new AtomicInteger();
        private final List<Task<Void>> tasks = new ArrayList<>();
        private volatile boolean over;

        Clients(String address) {
            this.address = address;
            tasks.add(Task.run(this::submitOnce));
            for (int i = 0; i < 4; i++) {
                tasks.add(Task.run(this::comeAndGo));
            }
        }

        /** Each message exactly once, over whatever is there. */
        private void submitOnce() throws Exception {
            var options = new ClientOptions().name("once").once(true).reconnectTimeout(Duration.ofMinutes(1));
            try (var client = new Client(address, options, (_, result, _) -> {
                (result == Result.SUCCESS ? settled : other).incrementAndGet();
            })) {
                while (!over) {
                    byte[] message = Integer.toString(sent.getAndIncrement()).getBytes(StandardCharsets.US_ASCII);
                    client.submit(message, 0, message.length);
                    client.awaitSettled();
                }
            }
        }

        /** A connection for each message. */
        private void comeAndGo() {
            while (!over) {
                Conn conn;
                try {
                    conn = Net.dial("tcp", address, Duration.ofSeconds(30));
                } catch (IOException e) {
                    refused.incrementAndGet();
                    continue;
                }
                try (conn) {
                    conn.setDeadline(Deadline.after(Duration.ofSeconds(60)));
                    conn.write(new byte[] {0, 0, 0, 13, 1, 0, 0, 0, 0, 0, 0, 0, 1});
                    conn.write(new byte[] {0, 0, 0, 14, 2, 0, 0, 0, 0, 0, 0, 0, 2, 'm'});
                    int n = conn.inputStream().readNBytes(28).length;
                    conn.closeWrite();
                    (n == 28 ? served : closed).incrementAndGet();
                } catch (IOException e) {
                    reset.incrementAndGet();
                }
            }
        }

        void awaitMore() throws Exception {
            int before = served.get();
            int settledBefore = settled.get();
            Await.until("clients are served", () -> served.get() > before + 20 && settled.get() > settledBefore + 20);
        }

        void endAndExpectNoneRefused() throws Exception {
            over = true;
            for (var task : tasks) {
                task.result();
            }
            System.out.printf(
                    "served %d, closed by the server %d, reset %d, refused %d, once %d%n",
                    served.get(), closed.get(), reset.get(), refused.get(), settled.get());
            assertThat(refused).as("refused").hasValue(0);
            assertThat(reset).as("reset").hasValue(0);
            assertThat(other).as("not acknowledged").hasValue(0);
            assertThat(settled).hasValue(sent.get());
        }

        /** At the end of all servers. */
        void expectAllStored() throws IOException {
            List<String> once = new ArrayList<>();
            int others = 0;
            try (var reader = new StoreReader(data())) {
                for (var some = reader.next(); !some.isEmpty(); some = reader.next()) {
                    for (var message : some) {
                        if (message.client().equals("once")) {
                            once.add(new String(message.payload(), StandardCharsets.US_ASCII));
                        } else {
                            others++;
                        }
                    }
                }
            }
            assertThat(once)
                    .isEqualTo(IntStream.range(0, sent.get())
                            .mapToObj(Integer::toString)
                            .toList());
            assertThat(others).isGreaterThanOrEqualTo(served.get());
        }
    }

    /** The manager keeps the socket: who comes between two servers waits in its backlog. */
    @Test
    void withSocketActivationNoConnectionIsRefusedOrReset() throws Exception {
        List<String> command = new ArrayList<>(List.of("python3", "src/test/python/service_manager.py", "2"));
        command.addAll(serve("--admin-listen=off"));
        Process manager = process("manager", command).start();
        Clients clients;
        try (BufferedReader out = manager.inputReader()) {
            String addresses = out.readLine();
            clients = new Clients(addresses.split(",", -1)[1]);
            assertThat(out.readLine()).startsWith("listening on " + addresses.replace(",", ", ") + ", data in ");
            for (int i = 0; i < RESTARTS; i++) {
                clients.awaitMore();
                manager.getOutputStream().write('\n');
                manager.getOutputStream().flush();
                assertThat(out.readLine()).as(() -> said("manager")).startsWith("listening on ");
            }
            clients.awaitMore();
            clients.endAndExpectNoneRefused();
            manager.getOutputStream().close();
            assertThat(manager.waitFor(60, TimeUnit.SECONDS)).as("ended").isTrue();
            assertThat(manager.exitValue()).as(() -> said("manager")).isZero();
        } finally {
            manager.descendants().forEach(ProcessHandle::destroyForcibly);
            manager.destroyForcibly();
        }
        clients.expectAllStored();
    }

    private String said(Object name) {
        try {
            return Files.readString(stderr(name));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** The next server listens beside the one that runs, and waits for its data folder. */
    @Test
    void withReusePortNoConnectionIsRefusedOrReset() throws Exception {
        var first = ServeProcess.start(data(), "--reuse-port");
        String address = first.address;
        first.signal();
        Process running =
                process(0, serve("--reuse-port", "--listen=" + address)).start();
        Clients clients;
        try {
            assertThat(running.inputReader().readLine()).startsWith("listening on " + address + ", data in ");
            clients = new Clients(address);
            for (int i = 1; i <= RESTARTS; i++) {
                clients.awaitMore();
                Process next =
                        process(i, serve("--reuse-port", "--listen=" + address)).start();
                try {
                    awaitSaid(i, "heddle serve: listening on " + address + "; waits for the server");
                    running.destroy();
                    assertThat(running.waitFor(60, TimeUnit.SECONDS))
                            .as("ended")
                            .isTrue();
                    assertThat(running.exitValue()).as(said(i - 1)).isZero();
                    assertThat(next.inputReader().readLine()).as(said(i)).startsWith("listening on ");
                } finally {
                    running.destroyForcibly();
                    running = next;
                }
            }
            clients.awaitMore();
            clients.endAndExpectNoneRefused();
            running.destroy();
            assertThat(running.waitFor(60, TimeUnit.SECONDS)).as("ended").isTrue();
        } finally {
            first.close();
            running.destroyForcibly();
        }
        clients.expectAllStored();
    }

    @Test
    void aServerThatWaitsForTheDataFolderEndsByASignal() throws Exception {
        try (var first = ServeProcess.start(data(), "--reuse-port")) {
            Process waiting = process(1, serve("--reuse-port", "--admin-listen=off", "--listen=" + first.address))
                    .start();
            try {
                awaitSaid(1, "waits for the server that has the data folder to end");
                waiting.destroy();
                assertThat(waiting.waitFor(60, TimeUnit.SECONDS)).as("ended").isTrue();
                assertThat(waiting.exitValue()).as(said(1)).isZero();
            } finally {
                waiting.destroyForcibly();
            }
        }
    }

    @Test
    void theServiceManagerIsToldHowTheServerIs() throws Exception {
        try (var manager =
                new NotifySocket("@heddle-test-" + ProcessHandle.current().pid())) {
            var builder = process(0, serve("--admin-listen=off", "--listen=127.0.0.1:0"));
            builder.environment()
                    .put(
                            "NOTIFY_SOCKET",
                            "@heddle-test-" + ProcessHandle.current().pid());
            builder.environment().put("WATCHDOG_USEC", "200000");
            Process serve = builder.start();
            try {
                String ready = serve.inputReader().readLine();
                var told = new ArrayList<String>();
                while (!told.contains("READY=1;STATUS=" + ready)) {
                    told.add(manager.next());
                }
                assertThat(manager.next()).isEqualTo("WATCHDOG=1");
                assertThat(manager.next()).isEqualTo("WATCHDOG=1");
                ServeProcess.hangUp(serve);
                assertThat(nextOf(manager)).matches("RELOADING=1;MONOTONIC_USEC=\\d+");
                assertThat(nextOf(manager)).isEqualTo("READY=1;STATUS=" + ready);
                serve.destroy();
                assertThat(nextOf(manager)).startsWith("STOPPING=1;STATUS=ending");
                assertThat(serve.waitFor(60, TimeUnit.SECONDS)).as("ended").isTrue();
            } finally {
                serve.destroyForcibly();
            }
        }
    }

    /** It is ready once, and a SIGHUP that came before is a reload behind that. */
    @Test
    void aReloadBeforeTheServerIsReadyIsToldBehindThat() throws Exception {
        String name = "@heddle-early-" + ProcessHandle.current().pid();
        try (var manager = new NotifySocket(name);
                var first = ServeProcess.start(data(), "--reuse-port")) {
            var builder = process(1, serve("--reuse-port", "--admin-listen=off", "--listen=" + first.address));
            builder.environment().put("NOTIFY_SOCKET", name);
            Process next = builder.start();
            try {
                assertThat(manager.next()).startsWith("STATUS=listening on ").contains("waits for the server");
                ServeProcess.hangUp(next);
                assertThat(first.terminate()).isZero();
                String ready = next.inputReader().readLine();
                assertThat(manager.next()).isEqualTo("READY=1;STATUS=" + ready);
                assertThat(manager.next()).startsWith("RELOADING=1;");
                assertThat(manager.next()).isEqualTo("READY=1;STATUS=" + ready);
            } finally {
                next.destroyForcibly();
            }
        }
    }

    /** What is told beside the watchdog. */
    private static String nextOf(NotifySocket manager) throws InterruptedException {
        String next = manager.next();
        while (next.equals("WATCHDOG=1")) {
            next = manager.next();
        }
        return next;
    }
}
