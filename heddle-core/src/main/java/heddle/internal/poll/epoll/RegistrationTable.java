package heddle.internal.poll.epoll;

import heddle.internal.poll.Registration;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;

/**
 * Which registration a descriptor's number stands for now: one table for the process, as numbers are the process's. Two levels, so
 * that it grows without moving. Any thread.
 */
final class RegistrationTable {

    private static final int CHUNK_BITS = 12;
    private static final int CHUNK = 1 << CHUNK_BITS;

    /** Up to 2^24 descriptors; Linux's fs.nr_open is 2^20 unless raised. */
    private static final AtomicReferenceArray<
                    @Nullable AtomicReferenceArray<@Nullable Registration>>
            CHUNKS = new AtomicReferenceArray<>(1 << 12);

    private RegistrationTable() {}

    static void put(Registration registration) {
        int index = registration.fd() >>> CHUNK_BITS;
        var chunk = CHUNKS.get(index);
        if (chunk == null) {
            var fresh = new AtomicReferenceArray<@Nullable Registration>(CHUNK);
            chunk = CHUNKS.compareAndSet(index, null, fresh) ? fresh : CHUNKS.get(index);
        }
        chunk.set(registration.fd() & (CHUNK - 1), registration);
    }

    static void remove(Registration registration) {
        var chunk = CHUNKS.get(registration.fd() >>> CHUNK_BITS);
        if (chunk != null) {
            chunk.compareAndSet(registration.fd() & (CHUNK - 1), registration, null);
        }
    }

    /** The registration of {@code fd} if it is of {@code generation}, else null. */
    static @Nullable Registration find(int fd, int generation) {
        var chunk = CHUNKS.get(fd >>> CHUNK_BITS);
        Registration found = chunk == null ? null : chunk.get(fd & (CHUNK - 1));
        return found != null && found.generation() == generation ? found : null;
    }

    /** Shows every registration to {@code visitor}, weakly consistent. */
    static void forEach(Consumer<Registration> visitor) {
        for (int i = 0; i < CHUNKS.length(); i++) {
            var chunk = CHUNKS.get(i);
            for (int j = 0; chunk != null && j < CHUNK; j++) {
                Registration found = chunk.get(j);
                if (found != null) {
                    visitor.accept(found);
                }
            }
        }
    }
}
