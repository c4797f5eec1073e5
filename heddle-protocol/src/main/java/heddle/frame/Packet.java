package heddle.frame;

/** What a frame carries. Immutable while it is being written. */
public interface Packet {

    /**
     * The packet's size.
     *
     * @return bytes, without the frame's length field
     */
    int length();

    /**
     * Writes the packet.
     *
     * @param buffer has room for {@link #length} bytes at {@code offset}
     * @param offset where the packet starts
     */
    void encode(byte[] buffer, int offset);
}
