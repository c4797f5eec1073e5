package heddle.net;

import heddle.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the kernel holds of a connection over IPv4, from /proc/net/tcp: proc(5). */
final class TcpQueues {

    private static final Path TABLE = Path.of("/proc/net/tcp");

    /** Ports, and the queues to send and to read: {@code  0: 0100007F:1F90 0100007F:C350 01 00000000:00000000}. */
    private static final Pattern ENTRY =
            Pattern.compile("^ *\\d+: \\w{8}:(\\w{4}) \\w{8}:(\\w{4}) \\w\\w (\\w{8}):(\\w{8}) ");

    /** Longer than an acknowledgement may be delayed, TCP_DELACK_MAX: until then bytes may stand in both queues. */
    private static final long QUIET_MILLIS = 300;

    private TcpQueues() {}

    static boolean canSee() {
        return Files.isReadable(TABLE);
    }

    /** The bytes that the kernel took from {@code conn} and that its peer has not read, once nothing moves any more. */
    static long awaitUnread(TcpConn conn) throws Exception {
        long last;
        long now = unread(conn);
        do {
            last = now;
            // Real time: the kernel's delayed acknowledgement.
            Thread.sleep(QUIET_MILLIS);
            now = unread(conn);
        } while (now != last);
        return now;
    }

    private static long unread(TcpConn conn) throws Exception {
        long[] sum = new long[1];
        Await.until("one line for each end of " + conn + " in " + TABLE, () -> {
            OptionalLong seen = sum(conn);
            sum[0] = seen.orElse(0);
            return seen.isPresent();
        });
        return sum[0];
    }

    /**
     * Empty if the lines of the two ends were not there once each: the table is no snapshot while others connect and
     * close.
     */
    private static OptionalLong sum(TcpConn conn) throws IOException {
        String local = hexPort(conn.localAddress());
        String remote = hexPort(conn.remoteAddress());
        long sum = 0;
        int found = 0;
        for (String line : Files.readAllLines(TABLE)) {
            Matcher entry = ENTRY.matcher(line);
            if (!entry.find()) {
                continue;
            }
            if (entry.group(1).equals(local) && entry.group(2).equals(remote)) {
                sum += HexFormat.fromHexDigitsToLong(entry.group(3));
                found++;
            } else if (entry.group(1).equals(remote) && entry.group(2).equals(local)) {
                sum += HexFormat.fromHexDigitsToLong(entry.group(4));
                found++;
            }
        }
        return found == 2 ? OptionalLong.of(sum) : OptionalLong.empty();
    }

    private static String hexPort(TcpAddr address) {
        return HexFormat.of().withUpperCase().toHexDigits((short) address.port());
    }
}
