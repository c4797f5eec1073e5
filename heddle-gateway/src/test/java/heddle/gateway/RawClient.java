package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** A client made of the protocol's description and a socket of the JDK, with nothing of Heddle in it. */
final class RawClient implements AutoCloseable {
    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

    final Socket socket;
    private final DataInputStream in;

    RawClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(30_000);
        in = new DataInputStream(socket.getInputStream());
    }

    static byte[] hex(String text) {
        return HEX.parseHex(text.strip().replaceAll("\\s+", " "));
    }

    /** A frame of a command, an id in decimal, and the rest. */
    static byte[] frame(int command, int id, byte[] rest) {
        return ByteBuffer.allocate(13 + rest.length)
                .putInt(13 + rest.length)
                .put((byte) command)
                .put("%08d".formatted(id).getBytes(StandardCharsets.US_ASCII))
                .put(rest)
                .array();
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    void sendHex(String bytes) throws IOException {
        send(hex(bytes));
    }

    void expectHex(String bytes) throws IOException {
        byte[] want = hex(bytes);
        assertThat(HEX.formatHex(in.readNBytes(want.length))).isEqualTo(HEX.formatHex(want));
    }

    RawClient introduced() throws IOException {
        send(frame(1, 0, utf8("raw")));
        expectAck(0x81, 0, 0);
        return this;
    }

    void submit(int id, String message) throws IOException {
        send(frame(2, id, utf8(message)));
    }

    /** Frames of {@code count} submits from id 1 on, in one array. */
    static byte[] submits(int count, byte[] message) {
        var all = new ByteArrayOutputStream();
        for (int id = 1; id <= count; id++) {
            all.writeBytes(frame(2, id, message));
        }
        return all.toByteArray();
    }

    record Ack(int command, int id, int result) {}

    Ack ack() throws IOException {
        assertThat(in.readInt()).isEqualTo(14);
        int command = in.readUnsignedByte();
        int id = Integer.parseInt(new String(in.readNBytes(8), StandardCharsets.US_ASCII));
        return new Ack(command, id, in.readUnsignedByte());
    }

    void expectAck(int command, int id, int result) throws IOException {
        assertThat(ack()).isEqualTo(new Ack(command, id, result));
    }

    void expectEndOfStream() throws IOException {
        assertThat(in.read()).isEqualTo(-1);
    }

    /** The peer is gone, in order or not. */
    void expectEnd() throws IOException {
        try {
            expectEndOfStream();
        } catch (SocketException reset) {
            assertThat(reset).hasMessageContaining("reset");
        }
    }

    /** An alert of TLS, or nothing of it, and the end. */
    void expectAlertAndEnd() throws IOException {
        try {
            byte[] all = in.readAllBytes();
            assertThat(all.length == 0 || all[0] == 21).isTrue();
        } catch (SocketException reset) {
            assertThat(reset).hasMessageContaining("reset");
        }
    }

    void expectSilence(int millis) throws IOException {
        socket.setSoTimeout(millis);
        try {
            int unexpected = in.read();
            throw new AssertionError("got " + unexpected);
        } catch (SocketTimeoutException asWanted) {
            socket.setSoTimeout(30_000);
        }
    }

    RawClient introduced(String name) throws IOException {
        send(frame(1, 0, utf8(name)));
        expectAck(0x81, 0, 0);
        return this;
    }

    /** A resume, with its answer. */
    void resume(long highest) throws IOException {
        sendResume();
        expectResumed(highest);
    }

    void sendResume() throws IOException {
        send(numbered(4, 7, ""));
    }

    void expectResumed(long highest) throws IOException {
        expectResumeAck(0, highest);
    }

    void expectResumeAck(int result, long highest) throws IOException {
        assertThat(in.readInt()).isEqualTo(22);
        assertThat(in.readUnsignedByte()).isEqualTo(0x84);
        assertThat(in.readLong()).isEqualTo(7);
        assertThat(in.readUnsignedByte()).isEqualTo(result);
        assertThat(in.readLong()).isEqualTo(highest);
    }

    /** A frame of a command, a number in eight bytes, and text. */
    static byte[] numbered(int command, long number, String text) {
        byte[] rest = utf8(text);
        return ByteBuffer.allocate(13 + rest.length)
                .putInt(13 + rest.length)
                .put((byte) command)
                .putLong(number)
                .put(rest)
                .array();
    }

    void once(long number, String message) throws IOException {
        send(numbered(3, number, message));
    }

    void expectOnce(long number, int result) throws IOException {
        assertThat(in.readInt()).isEqualTo(14);
        assertThat(in.readUnsignedByte()).isEqualTo(0x83);
        assertThat(in.readLong()).isEqualTo(number);
        assertThat(in.readUnsignedByte()).as("result of %d", number).isEqualTo(result);
    }

    void halfClose() throws IOException {
        socket.shutdownOutput();
    }

    void hangUp() throws IOException {
        socket.close();
    }

    @Override
    public void close() throws IOException {
        hangUp();
    }
}
