package heddle.cli;

import heddle.gateway.FolderInUseException;
import heddle.net.Addr;
import heddle.net.ListenConfig;
import heddle.net.Listener;
import heddle.net.ServiceManager;
import heddle.net.TcpAddr;
import heddle.server.JoinedListener;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where {@code serve} listens, and how it takes over from the server before it: options, and the environment. */
final class LifeArguments {

    /** How often a data folder that is in use is tried: what a client waits longer than need be. */
    private static final Duration RETRY = Duration.ofMillis(10);

    private final ServiceManager manager = new ServiceManager();

    @Option(
            names = "--reuse-port",
            description = "Take the port over from a server that was started with this too: it gets no new connections"
                    + " from then on, and may be stopped. This one waits until the data folder is free; its clients"
                    + " wait meanwhile. On Linux, one such take-over at a time.")
    private boolean reusePort;

    /** Who started this server, if that passed sockets on, or wants to know how it is. */
    ServiceManager manager() {
        return manager;
    }

    /** Whether another server may have the port, the page's port and the data folder for a while yet. */
    boolean takesOver() {
        return reusePort;
    }

    /** The sockets that were passed on; if there are none, {@code address}. */
    Listener listen(String address) throws IOException {
        List<Listener> inherited = new ArrayList<>();
        try {
            for (var socket : manager.sockets()) {
                inherited.add(new ListenConfig().inherit(socket.descriptor()));
            }
        } catch (IOException e) {
            for (var one : inherited) {
                one.close();
            }
            throw e;
        }
        return switch (inherited.size()) {
            case 0 -> Address.listen(new ListenConfig().takeOver(reusePort), address);
            case 1 -> inherited.getFirst();
            default -> new JoinedListener(inherited);
        };
    }

    /** All addresses of {@code listener}, for people. */
    static String where(Listener listener) {
        return listener instanceof JoinedListener joined
                ? joined.addresses().stream().map(Addr::toString).collect(Collectors.joining(", "))
                : listener.address().toString();
    }

    /** Where {@code listener} is reached from furthest: an address beyond loopback, if it has one. */
    static Addr reach(Listener listener) {
        return listener instanceof JoinedListener joined
                ? joined.addresses().stream()
                        .filter(one -> one instanceof TcpAddr tcp && !tcp.host().isLoopbackAddress())
                        .findFirst()
                        .orElse(joined.address())
                : listener.address();
    }

    /** Something that takes the data folder. */
    interface Opening<T> {
        T open() throws IOException;
    }

    /**
     * What {@code opening} opens; with {@code --reuse-port} it waits for the folder while another server has it.
     *
     * @param waiting hears once that it waits
     * @return null if {@code end} has come before
     */
    <T> @Nullable T open(Opening<T> opening, Runnable waiting, Termination end)
            throws IOException, InterruptedException {
        boolean told = false;
        while (true) {
            try {
                return opening.open();
            } catch (FolderInUseException e) {
                if (!reusePort) {
                    throw e;
                }
                if (!told) {
                    told = true;
                    waiting.run();
                }
                if (end.await(RETRY)) {
                    return null;
                }
            }
        }
    }
}
