package heddle.bench.peer;

/** The bytes that servers send by themselves; src/main/c/wire.h says the same for C. */
final class Wire {

    /** How many threads write to one connection in {@link Role#WRITERS}. */
    static final int WRITERS = 16;

    private static final int BLOCK_BYTES = 65_536;
    private static final int MESSAGE_BYTES = 64;

    private Wire() {}

    /** What {@link Role#DOWN} sends. */
    static byte[] block() {
        byte[] block = new byte[BLOCK_BYTES];
        for (int i = 0; i < block.length; i++) {
            block[i] = (byte) (i + (i >> 8));
        }
        return block;
    }

    /** A message of that writer, to be {@link #number numbered}. */
    static byte[] message(int writer) {
        byte[] message = new byte[MESSAGE_BYTES];
        putInt(message, 0, writer);
        return message;
    }

    /** Makes {@code message} the one with that number. */
    static void number(byte[] message, int writer, int number) {
        putInt(message, 4, number);
        for (int i = 8; i < message.length; i++) {
            message[i] = (byte) (writer + number + i);
        }
    }

    private static void putInt(byte[] message, int at, int value) {
        for (int i = 0; i < 4; i++) {
            message[at + i] = (byte) (value >> (24 - 8 * i));
        }
    }
}
