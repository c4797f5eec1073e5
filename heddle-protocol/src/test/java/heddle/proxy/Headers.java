package heddle.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Headers as proxies send them. */
final class Headers {

    private Headers() {}

    static byte[] line(String text) {
        return text.getBytes(ISO_8859_1);
    }

    static byte[] binary(int versionAndCommand, int familyAndTransport, byte[]... parts) {
        byte[] rest = join(parts);
        byte[] fixed = {
            (byte) versionAndCommand, (byte) familyAndTransport, (byte) (rest.length >> 8), (byte) rest.length
        };
        return join(ProxyHeader.SIGNATURE, fixed, rest);
    }

    /** Both addresses and both ports. */
    static byte[] addresses(String source, int sourcePort, String destination, int destinationPort) {
        byte[] from = raw(source);
        byte[] to = raw(destination);
        return ByteBuffer.allocate(2 * from.length + 4)
                .put(from)
                .put(to)
                .putShort((short) sourcePort)
                .putShort((short) destinationPort)
                .array();
    }

    private static byte[] raw(String address) {
        return InetAddress.ofLiteral(address).getAddress();
    }

    static byte[] value(int type, byte[] value) {
        return join(new byte[] {(byte) type, (byte) (value.length >> 8), (byte) value.length}, value);
    }

    /** The header with its checksum, for which it has four zeros at its end. */
    static byte[] withChecksum(byte[] header) {
        var crc = new CRC32C();
        crc.update(header);
        return ByteBuffer.wrap(header.clone())
                .putInt(header.length - 4, (int) crc.getValue())
                .array();
    }

    static byte[] join(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
