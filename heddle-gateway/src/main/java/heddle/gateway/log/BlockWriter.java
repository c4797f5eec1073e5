package heddle.gateway.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Puts blocks together and writes them: first {@link #plan} or {@link #planNames}, which tell the size, then {@link
 * #write}. One thread.
 *
 * <p>A block goes out in one write, from a buffer that is kept, if it fits into {@link #BUFFER_MAX}; else in pieces.
 */
final class BlockWriter {

    private static final int BUFFER_MIN = 64 << 10;
    private static final int BUFFER_MAX = 4 << 20;

    private final CRC32C crc = new CRC32C();
    private ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_MIN);

    /** The head of a record from its length on, as an array, so that its CRC needs no slice of the buffer. */
    private final byte[] head = new byte[Block.RECORD - 4];

    private final ByteBuffer headView = ByteBuffer.wrap(head);

    // What is planned.
    private final Map<String, Integer> indexOf = new HashMap<>();
    private final List<String> names = new ArrayList<>();
    private final List<byte[]> encoded = new ArrayList<>();
    private long[] highest = new long[16];
    private int[] nameOf = new int[64];
    private List<? extends LogRecord> records = List.of();
    private int kind;
    private long nameBytes;
    private long length;

    /** Takes a batch in hand: the bytes of its block. */
    long plan(List<? extends LogRecord> batch) {
        begin(Block.KIND_COMMIT, batch);
        if (nameOf.length < batch.size()) {
            nameOf = new int[Math.max(batch.size(), 2 * nameOf.length)];
        }
        String last = null;
        int index = 0;
        long bytes = 0;
        for (int i = 0; i < batch.size(); i++) {
            var message = batch.get(i);
            String client = message.client();
            // Mostly runs of one connection, whose name is one object.
            if (last == null || !isSame(client, last)) {
                index = index(client);
                last = client;
            }
            nameOf[i] = index;
            long sequence = message.clientSequence();
            if (sequence != 0) {
                highest[index] = sequence;
            }
            bytes += Block.RECORD + message.payload().length;
        }
        length = Block.length(nameBytes, bytes);
        return length;
    }

    @SuppressWarnings("ReferenceEquality") // two equal ones that differ cost a look-up, no more
    private static boolean isSame(String one, String other) {
        return one == other;
    }

    /** The same for a block of names. */
    long planNames(Map<String, Long> all) {
        begin(Block.KIND_NAMES, List.of());
        all.forEach((name, number) -> {
            int index = add(name); // ahead of the array, which it may replace
            highest[index] = number;
        });
        length = Block.length(nameBytes, 0);
        return length;
    }

    private void begin(int kindOfBlock, List<? extends LogRecord> batch) {
        kind = kindOfBlock;
        records = batch;
        indexOf.clear();
        Arrays.fill(highest, 0, names.size(), 0);
        names.clear();
        encoded.clear();
        nameBytes = 0;
    }

    private int index(String name) {
        Integer known = indexOf.get(name);
        if (known != null) {
            return known;
        }
        int index = add(name);
        indexOf.put(name, index);
        return index;
    }

    private int add(String name) {
        int index = names.size();
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > Block.NAME_BYTES_MAX) {
            throw new IllegalArgumentException("a client's name of " + bytes.length + " bytes");
        }
        names.add(name);
        encoded.add(bytes);
        nameBytes += Block.NAME + bytes.length;
        if (index == highest.length) {
            highest = Arrays.copyOf(highest, 2 * highest.length);
        }
        return index;
    }

    /** Adds the highest number of each name in the block to {@code all}. */
    void advance(Map<String, Long> all) {
        for (int i = 0; i < names.size(); i++) {
            if (highest[i] != 0) {
                all.put(names.get(i), highest[i]);
            }
        }
    }

    /** Writes what is planned at {@code start}. */
    void write(FileChannel channel, long base, long start, long salt, long first, long synced, long millis)
            throws IOException {
        if (nameBytes > Integer.MAX_VALUE) {
            throw new IOException("the names of all clients are " + nameBytes + " bytes, more than a segment takes");
        }
        var out = new Out(channel, start);
        int names32 = nameCrc();
        var block = new Block(
                start,
                length,
                kind,
                records.size(),
                salt,
                first,
                synced,
                millis,
                names.size(),
                (int) nameBytes,
                names32);
        out.room(Block.HEADER);
        block.put(Block.HEAD, base, buffer, crc);
        putNames(out);
        long number = first;
        long bytes = 0;
        for (int i = 0; i < records.size(); i++) {
            var message = records.get(i);
            byte[] payload = message.payload();
            headView.putInt(0, payload.length)
                    .putInt(4, (int) number)
                    .putInt(8, nameOf[i])
                    .putLong(12, message.clientSequence());
            crc.reset();
            crc.update(head);
            crc.update(payload);
            out.room(Block.RECORD);
            buffer.putInt((int) crc.getValue() ^ Block.mask(salt, number)).put(head);
            out.put(payload);
            bytes += Block.RECORD + payload.length;
            number++;
        }
        out.pad(bytes);
        out.room(Block.HEADER);
        block.put(Block.TAIL, base, buffer, crc);
        putNames(out);
        out.flush();
        records = List.of();
    }

    private int nameCrc() {
        crc.reset();
        var number = new byte[Block.NAME];
        for (int i = 0; i < encoded.size(); i++) {
            byte[] name = encoded.get(i);
            ByteBuffer.wrap(number).putLong(highest[i]).putShort((short) name.length);
            crc.update(number);
            crc.update(name);
        }
        return (int) crc.getValue();
    }

    private void putNames(Out out) throws IOException {
        for (int i = 0; i < encoded.size(); i++) {
            byte[] name = encoded.get(i);
            out.room(Block.NAME);
            buffer.putLong(highest[i]).putShort((short) name.length);
            out.put(name);
        }
        out.pad(nameBytes);
    }

    /** The buffer on its way to the file. */
    private final class Out {
        private final FileChannel channel;
        private long position;

        Out(FileChannel channel, long position) {
            this.channel = channel;
            this.position = position;
            if (buffer.capacity() < length && buffer.capacity() < BUFFER_MAX) {
                long doubled = Long.highestOneBit(length) << 1;
                buffer = ByteBuffer.allocateDirect((int) Math.min(doubled, BUFFER_MAX));
            }
            buffer.clear();
        }

        void room(int bytes) throws IOException {
            if (buffer.remaining() < bytes) {
                flush();
            }
        }

        void put(byte[] bytes) throws IOException {
            int from = 0;
            while (from < bytes.length) {
                if (!buffer.hasRemaining()) {
                    flush();
                }
                int n = Math.min(buffer.remaining(), bytes.length - from);
                buffer.put(bytes, from, n);
                from += n;
            }
        }

        void pad(long bytes) throws IOException {
            for (long i = bytes; i < Block.padded(bytes); i++) {
                room(1);
                buffer.put((byte) 0);
            }
        }

        void flush() throws IOException {
            buffer.flip();
            position += Whole.write(channel, buffer, position);
            buffer.clear();
        }
    }
}
