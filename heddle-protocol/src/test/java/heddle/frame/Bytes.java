package heddle.frame;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** A packet of given bytes, and frames around them. */
@SuppressWarnings("ArrayRecordComponent") // compared by content where it is
record Bytes(byte[] bytes) implements Packet {
    static Bytes of(int length, int content) {
        var bytes = new byte[length];
        Arrays.fill(bytes, (byte) content);
        return new Bytes(bytes);
    }

    @Override
    public int length() {
        return bytes.length;
    }

    @Override
    public void encode(byte[] buffer, int offset) {
        System.arraycopy(bytes, 0, buffer, offset, bytes.length);
    }

    byte[] frame() {
        return ByteBuffer.allocate(4 + bytes.length)
                .putInt(4 + bytes.length)
                .put(bytes)
                .array();
    }

    static byte[] packet(FrameReader reader) {
        return Arrays.copyOfRange(reader.buffer(), reader.offset(), reader.offset() + reader.length());
    }
}
