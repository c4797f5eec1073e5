package heddle.gateway;

import heddle.frame.FrameLimits;
import heddle.frame.Packet;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Where the fields of a packet are; the layout is drawn in the package's description. */
final class Packets {

    static final int COMMAND = 0;
    static final int ID = 1;
    static final int REST = 9;

    static final int ACK_BYTES = REST + 1;

    /** Of a resume ack, the highest number; behind the result. */
    static final int HIGHEST = REST + 1;

    static final int RESUME_ACK_BYTES = HIGHEST + 8;

    /** A conn or a submit with nothing in it. */
    static final int FRAME_BYTES_MIN = FrameLimits.HEADER_BYTES + REST;

    /** The id's 8 bytes as they are: but for a submit once, nobody but the client reads a number in them. */
    static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private Packets() {}

    static long id(byte[] buffer, int offset) {
        return (long) LONG.get(buffer, offset + ID);
    }

    /** The server's answer. */
    record Ack(byte command, long id, int result) implements Packet {

        @Override
        public int length() {
            return ACK_BYTES;
        }

        @Override
        public void encode(byte[] buffer, int offset) {
            buffer[offset + COMMAND] = command;
            LONG.set(buffer, offset + ID, id);
            buffer[offset + REST] = (byte) result;
        }
    }

    /** The server's answer to a resume. */
    record ResumeAck(long id, int result, long highest) implements Packet {

        @Override
        public int length() {
            return RESUME_ACK_BYTES;
        }

        @Override
        public void encode(byte[] buffer, int offset) {
            buffer[offset + COMMAND] = Command.RESUME_ACK;
            LONG.set(buffer, offset + ID, id);
            buffer[offset + REST] = (byte) result;
            LONG.set(buffer, offset + HIGHEST, highest);
        }
    }

    /**
     * What a client sends: {@code payloadLength} bytes of {@code source}, which must not change before it is encoded.
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Request(byte command, long id, byte[] source, int sourceOffset, int payloadLength) implements Packet {

        @Override
        public int length() {
            return REST + payloadLength;
        }

        @Override
        public void encode(byte[] buffer, int offset) {
            buffer[offset + COMMAND] = command;
            LONG.set(buffer, offset + ID, id);
            System.arraycopy(source, sourceOffset, buffer, offset + REST, payloadLength);
        }
    }
}
