package heddle.gateway.log;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How far the log goes, for readers in other processes, and for the next start. The writer changes it by a mapping
/// after each commit. It is synced only where it must not be behind: the log itself has all that it says.
///
///      0  8 MAGIC
///      8 16 the boot of the machine during which it was written
///     24  8 first: what is below it was dropped by retention
///     32  8 its check
///     40  8 readable: the highest number that is acknowledged, or may be
///     48  8 synced: the highest that was synced
///     56  8 check of boot, readable and synced
///
/// 1. It is never ahead of the log. After a crash of the machine it may be behind; another boot runs then.
/// 2. A check fails only if somebody is writing just then, was killed there, or the file is damaged.
///
/// Who writes: [Upkeep] first, the thread of [LogWriter] the others.
///
/// Ordering: readable is written after the commit, with release, and read with acquire. So who sees a number can read
/// the message.
final class Mark {

    static final String NAME = "mark";
    static final int SIZE = 64;

    private static final long MAGIC = 0x48646c4d61726b31L;
    private static final int BOOT = 8;
    private static final int FIRST = 24;
    private static final int FIRST_CHECK = 32;
    private static final int READABLE = 40;
    private static final int SYNCED = 48;
    private static final int CHECK = 56;

    /** Looks for a consistent moment beside a writer. */
    private static final int LOOKS = 1000;

    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private static final byte[] THIS_BOOT = thisBoot();

    /**
     * What it says.
     *
     * @param valid whether readable and synced can be believed
     * @param thisBoot whether it was written since the machine was started: then it is not behind
     * @param first 0 if it cannot be believed
     */
    record Said(boolean valid, boolean thisBoot, long first, long readable, long synced) {

        /** The highest number that certainly was written: on the disk, or with a kernel that has not stopped since. */
        long written() {
            return thisBoot ? readable : synced;
        }

        /** Without a mark. */
        static final Said NOTHING = new Said(false, false, 0, 0, 0);
    }

    private final MappedByteBuffer map;

    private Mark(MappedByteBuffer map) {
        this.map = map;
    }

    /** For the writer: makes the file if need be, of its full size, so that no later store needs room on the disk. */
    static Mark openForWriting(Path folder) throws IOException {
        Path file = folder.resolve(NAME);
        try (var channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                OwnerOnly.file(file))) {
            if (channel.size() < SIZE) {
                Whole.write(channel, ByteBuffer.allocate(SIZE), 0);
                channel.force(true);
            }
            return new Mark(channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE));
        }
    }

    /** Whether it can be believed in all it says. */
    boolean isWhole() {
        var said = said();
        return said.valid() && said.first() > 0;
    }

    /** For a reader; null if there is none, or it was cut. */
    static @Nullable Mark open(Path folder) throws IOException {
        try (var channel = FileChannel.open(folder.resolve(NAME), StandardOpenOption.READ)) {
            return channel.size() < SIZE ? null : new Mark(channel.map(FileChannel.MapMode.READ_ONLY, 0, SIZE));
        } catch (NoSuchFileException none) {
            return null;
        }
    }

    private static byte[] thisBoot() {
        try {
            String id =
                    Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
            return HexFormat.of().parseHex(id.replace("-", ""));
        } catch (IOException | IllegalArgumentException notOnLinux) {
            // A crash of the machine looks like one of the process then: a reader without a server sees what was
            // marked, and the next start of a server looks by itself.
            return new byte[16];
        }
    }

    private static long mixed(byte[] boot, long readable, long synced) {
        return ((MAGIC ^ readable) * 31 + synced) * 31 + Arrays.hashCode(boot);
    }

    Said said() {
        if (map.getLong(0) != MAGIC) {
            return Said.NOTHING;
        }
        long first = (long) LONG.getAcquire(map, FIRST);
        if ((long) LONG.getAcquire(map, FIRST_CHECK) != (first ^ MAGIC)) {
            first = 0;
        }
        byte[] boot = new byte[THIS_BOOT.length];
        map.get(BOOT, boot);
        for (int look = 0; look < LOOKS; look++) {
            long check = (long) LONG.getAcquire(map, CHECK);
            long synced = (long) LONG.getAcquire(map, SYNCED);
            long readable = (long) LONG.getAcquire(map, READABLE);
            if (check == mixed(boot, readable, synced)) {
                return new Said(true, Arrays.equals(boot, THIS_BOOT), first, readable, synced);
            }
            Thread.onSpinWait();
        }
        return new Said(false, false, first, 0, 0);
    }

    /** Begins a writer's turn: all up to {@code number} is synced. */
    void begin(long first, long number) {
        map.putLong(0, MAGIC);
        setFirst(first);
        map.put(BOOT, THIS_BOOT);
        set(number, number);
        force();
    }

    void setFirst(long first) {
        LONG.setRelease(map, FIRST, first);
        LONG.setRelease(map, FIRST_CHECK, first ^ MAGIC);
    }

    void set(long readable, long synced) {
        LONG.setRelease(map, SYNCED, synced);
        LONG.setRelease(map, READABLE, readable);
        LONG.setRelease(map, CHECK, mixed(THIS_BOOT, readable, synced));
    }

    void force() {
        map.force();
    }
}
