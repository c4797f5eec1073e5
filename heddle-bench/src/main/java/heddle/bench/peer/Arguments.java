package heddle.bench.peer;

/**
 * A server's command line.
 *
 * @param role what to do
 * @param network {@code tcp} or {@code unix}
 * @param address host and port, or a path
 * @param processors how many it may use
 * @param bufferBytes what one read takes at most
 */
record Arguments(Role role, String network, String address, int processors, int bufferBytes) {

    static Arguments of(String[] args) {
        if (args.length != 5) {
            throw new IllegalArgumentException("want ROLE NETWORK ADDRESS PROCESSORS BUFFER");
        }
        return new Arguments(
                Role.of(args[0]).orElseThrow(() -> new IllegalArgumentException("no role " + args[0])),
                args[1],
                args[2],
                Integer.parseInt(args[3]),
                Integer.parseInt(args[4]));
    }

    int port() {
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }
}
