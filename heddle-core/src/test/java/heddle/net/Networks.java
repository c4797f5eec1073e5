package heddle.net;

import heddle.testing.Runtimes;
import java.util.stream.Stream;

/** The networks that a way of running has. */
final class Networks {

    private Networks() {}

    static boolean have(String network) {
        return hasKernelNames() || !network.equals("unixpacket");
    }

    /** Whether there are packets and abstract names. */
    static boolean hasKernelNames() {
        return Runtimes.current().way() != Way.NIO;
    }

    /** All of streams and packets over sockets. */
    static Stream<String> sockets() {
        return Stream.of("tcp", "unix", "unixpacket").filter(Networks::have);
    }

    /** Those with Unix sockets. */
    static Stream<String> unix() {
        return Stream.of("unix", "unixpacket").filter(Networks::have);
    }
}
