package heddle.proxy;

import static heddle.proxy.Headers.join;
import static heddle.proxy.Headers.line;
import static heddle.proxy.Headers.value;
import static heddle.proxy.Headers.withChecksum;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.net.TcpAddr;
import heddle.proxy.ProxyException.Reason;
import heddle.proxy.ProxyHeader.Wrong;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Headers of chance, whole, changed and cut, against Netty's reading of them. */
class ProxyFuzzTest {

    private static final int HEADERS = Integer.getInteger("test.proxy.headers", 2_000);
    private static final byte[] BEHIND = line("PROXY behind\r\n");

    private final long seed = Long.getLong("test.seed", System.nanoTime());
    private final Random random = new Random(seed);

    /** What a reader makes of a header: whom it names, what it leaves, or why it refuses. */
    private record Reading(Kind kind, String source, String destination, int left) {
        enum Kind {
            NAMED,
            UNNAMED,
            INCOMPLETE,
            REFUSED
        }

        static Reading refused() {
            return new Reading(Kind.REFUSED, "", "", 0);
        }
    }

    @Test
    void whatIsWholeAndRightIsReadAsNettyReadsIt() throws Exception {
        for (int i = 0; i < HEADERS; i++) {
            byte[] header = random.nextBoolean() ? randomLine() : randomBinary();
            byte[] all = join(header, BEHIND);
            var ours = ours(all);
            String which = "seed %d, header %d: %s".formatted(seed, i, Arrays.toString(header));
            assertThat(ours.left).as(which).isEqualTo(BEHIND.length);
            assertThat(ours).as(which).isEqualTo(netty(all));
        }
    }

    /** Never anything but a header or a refusal; and where both name somebody, they name the same. */
    @Test
    void whatIsChangedIsRefusedOrMeansTheSameToNetty() throws Exception {
        int named = 0;
        for (int i = 0; i < HEADERS; i++) {
            byte[] all = join(random.nextBoolean() ? randomLine() : randomBinary(), BEHIND);
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                all = changed(all);
            }
            var ours = ours(all);
            if (ours.kind == Reading.Kind.NAMED) {
                var netty = netty(all);
                // Ours is wider in one thing: it reads an address of IPv4 in the form of IPv6 and vice versa as what it
                // is.
                if (netty.kind == Reading.Kind.NAMED) {
                    named++;
                    assertThat(ours)
                            .as("seed %d, header %d: %s", seed, i, Arrays.toString(all))
                            .isEqualTo(netty);
                }
            }
        }
        assertThat(named).as("seed %d", seed).isGreaterThan(HEADERS / 20);
    }

    @Test
    void whatIsCutIsIncompleteAndPiecesMakeNoDifference() throws Exception {
        for (int i = 0; i < HEADERS / 10; i++) {
            byte[] header = random.nextBoolean() ? randomLine() : randomBinary();
            var reader = new ProxyHeader();
            int cut = random.nextInt(header.length);
            assertThat(reader.take(ByteBuffer.wrap(header, 0, cut))).isFalse();
            assertThat(reader.take(ByteBuffer.wrap(header, cut, header.length - cut)))
                    .isTrue();
            var whole = ours(header);
            assertThat(string(reader.source()))
                    .as("seed %d, header %d", seed, i)
                    .isEqualTo(whole.source);
        }
    }

    @Test
    void whatIsNoiseIsRefusedAtTheFirstByteThatIsWrong() {
        for (int i = 0; i < HEADERS; i++) {
            byte[] noise = new byte[100];
            random.nextBytes(noise);
            var from = ByteBuffer.wrap(noise);
            try {
                assertThat(new ProxyHeader().take(from)).isFalse();
            } catch (Wrong e) {
                assertThat(e.reason).as("seed %d, noise %d", seed, i).isEqualTo(Reason.MISSING);
                assertThat(from.position()).isLessThan(ProxyHeader.SIGNATURE.length);
            }
        }
    }

    private static Reading ours(byte[] bytes) {
        var from = ByteBuffer.wrap(bytes);
        var header = new ProxyHeader();
        try {
            if (!header.take(from)) {
                return new Reading(Reading.Kind.INCOMPLETE, "", "", 0);
            }
        } catch (Wrong e) {
            return Reading.refused();
        }
        var kind = header.source() == null ? Reading.Kind.UNNAMED : Reading.Kind.NAMED;
        return new Reading(kind, string(header.source()), string(header.destination()), from.remaining());
    }

    private static String string(TcpAddr address) {
        return address == null ? "" : address.toString();
    }

    private static Reading netty(byte[] bytes) {
        var channel = new EmbeddedChannel(new HAProxyMessageDecoder());
        try {
            channel.writeInbound(Unpooled.wrappedBuffer(bytes));
            HAProxyMessage message = channel.readInbound();
            if (message == null) {
                return new Reading(Reading.Kind.INCOMPLETE, "", "", 0);
            }
            try {
                int left = channel.inboundMessages().stream()
                        .mapToInt(rest -> ((ByteBuf) rest).readableBytes())
                        .sum();
                boolean tcp = message.proxiedProtocol() == HAProxyProxiedProtocol.TCP4
                        || message.proxiedProtocol() == HAProxyProxiedProtocol.TCP6;
                boolean local = message.command() == HAProxyCommand.LOCAL;
                return !tcp || local
                        ? new Reading(Reading.Kind.UNNAMED, "", "", left)
                        : new Reading(
                                Reading.Kind.NAMED,
                                address(message.sourceAddress(), message.sourcePort()),
                                address(message.destinationAddress(), message.destinationPort()),
                                left);
            } finally {
                message.release();
            }
        } catch (DecoderException | IllegalArgumentException e) {
            return Reading.refused();
        } finally {
            try {
                channel.finishAndReleaseAll();
            } catch (DecoderException again) {
                // It has said so.
            }
        }
    }

    private static String address(String host, int port) {
        return TcpAddr.of(InetAddress.ofLiteral(host), port).toString();
    }

    private byte[] randomBytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    private String randomAddress(boolean four) {
        try {
            return InetAddress.getByAddress(randomBytes(four ? 4 : 16)).getHostAddress();
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private byte[] randomLine() {
        boolean four = random.nextBoolean();
        return line("PROXY " + (four ? "TCP4 " : "TCP6 ") + randomAddress(four) + " " + randomAddress(four) + " "
                + randomPort() + " " + randomPort() + "\r\n");
    }

    /** Not 0, which the specification allows and {@link ProxyHeaderTest} has: Netty refuses it in a line. */
    private int randomPort() {
        return 1 + random.nextInt(0xffff);
    }

    private byte[] randomBinary() {
        int[] familiesAndTransports = {0x00, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32};
        int which = familiesAndTransports[random.nextInt(familiesAndTransports.length)];
        int addressBytes = new int[] {0, 12, 36, 216}[which >> 4];
        byte[] values = {};
        for (int n = which == 0 ? 0 : random.nextInt(4); n > 0; n--) {
            // No checksum, and none of those whose insides Netty looks into.
            values = join(values, value(0xe0 + random.nextInt(16), randomBytes(random.nextInt(200))));
        }
        int command = random.nextInt(8) == 0 ? 0x20 : 0x21;
        byte[] addresses = randomBytes(addressBytes);
        if (which >> 4 == 3) {
            Arrays.fill(addresses, (byte) 'a'); // paths, which Netty reads as text
        }
        return random.nextInt(3) == 0
                ? withChecksum(Headers.binary(command, which, addresses, values, value(3, new byte[4])))
                : Headers.binary(command, which, addresses, values);
    }

    private byte[] changed(byte[] bytes) {
        int at = random.nextInt(Math.min(bytes.length, 80));
        return switch (random.nextInt(3)) {
            case 0 -> {
                byte[] changed = bytes.clone();
                changed[at] ^= (byte) (1 << random.nextInt(8));
                yield changed;
            }
            case 1 -> join(Arrays.copyOf(bytes, at), randomBytes(1), Arrays.copyOfRange(bytes, at, bytes.length));
            default -> join(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, at + 1, bytes.length));
        };
    }
}
