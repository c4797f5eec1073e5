package heddle.internal.fd;

import heddle.internal.poll.Outgoing;
import heddle.internal.poll.Poller;
import heddle.internal.poll.ReadinessSlot;
import heddle.internal.socket.Errno;
import heddle.internal.socket.SocketName;
import heddle.internal.socket.SocketOption;
import heddle.internal.sys.Syscalls;
import heddle.internal.trace.Counter;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The writing of a descriptor, and connecting. A write writes all of what is given, or a failure beside the exact count
 * of what the kernel took; {@link Result} draws both as one number.
 *
 * <p>A socket that took less than it was offered is full: the wait comes without a call that says EAGAIN first
 * (epoll(7), Q9).
 */
final class Writes extends Direction {

    /**
     * Few, so that who writes without having to wait lets others run after 128 KiB. More in a row would wait for one
     * reader, and where the kernel paces for its timer: docs/performance.md.
     */
    private static final int BYTES_A_CALL = 1 << 10;

    /** What a ring is asked by; made for the first such send, guarded by the write lock. */
    private @Nullable Outgoing outgoing;

    Writes(Descriptor descriptor, Syscalls sys, Traffic traffic, ReadinessSlot slot) {
        super(descriptor, sys, traffic, slot, BYTES_A_CALL);
    }

    @Override
    DescriptorLock.Grant lock() {
        return descriptor.lock().lockWrite();
    }

    @Override
    boolean unlock() {
        return descriptor.lock().unlockWrite();
    }

    /** {@link Descriptor#write}. */
    long write(byte @Nullable [] array, @Nullable MemorySegment segment, long offset, long length) {
        int refused = enter();
        if (refused != 0) {
            return Result.ofWrite(0, refused);
        }
        try {
            int n = prepare();
            if (n != TRY) {
                return Result.ofWrite(0, n);
            }
            return traffic == Traffic.PACKETS
                    ? writePacket(array, segment, offset, length)
                    : writeLocked(array, segment, offset, length, 0, false);
        } finally {
            leave();
        }
    }

    /** By one call, however long it is: what cannot go whole does not go at all. An empty packet is one too. */
    private long writePacket(byte @Nullable [] array, @Nullable MemorySegment segment, long offset, long length) {
        long n = TRY;
        while (n == TRY) {
            n = afterTransfer(send(array, segment, offset, (int) length, false));
        }
        return n >= 0 ? n : Result.ofWrite(0, (int) n);
    }

    /** One call, of one of the two: an array is no segment before it, as one that lives longer would be allocated. */
    private int send(byte @Nullable [] array, @Nullable MemorySegment segment, long offset, int length, boolean more) {
        if (array == null) {
            return sys.send(fd, Objects.requireNonNull(segment), offset, length, more);
        }
        // Who has an inbox is of TCP, and its runtime has rings.
        if (registration.inbox() != null && length <= BY_RING_MAX) {
            Poller ring = descriptor.pollers().batching();
            if (ring != null) {
                return sendWithOthers(ring, array, (int) offset, length, more);
            }
        }
        return sys.send(fd, array, (int) offset, length, more);
    }

    private int sendWithOthers(Poller ring, byte[] array, int offset, int length, boolean more) {
        int n = sys.askToSend(fd);
        if (n < 0) {
            return n;
        }
        Outgoing asked = outgoing;
        if (asked == null) {
            asked = new Outgoing(fd);
            outgoing = asked;
        }
        return asked.send(ring, array, offset, length, more);
    }

    /** Writes {@code length} bytes of one of the two, {@code before} of the same operation having gone ahead. */
    private long writeLocked(
            byte @Nullable [] array,
            @Nullable MemorySegment segment,
            long offset,
            long length,
            long before,
            boolean more) {
        long done = 0;
        while (done < length) {
            int asked = (int) Math.min(length - done, Syscalls.TRANSFER_BYTES_MAX);
            boolean moreToCome = more || done + asked < length;
            long n = afterTransfer(later(send(array, segment, offset + done, asked, moreToCome)));
            if (n >= 0) {
                done += n;
                n = done == length ? TRY : n < asked ? await() : goOn();
            }
            if (n != TRY) {
                return Result.ofWrite(before + done, (int) n);
            }
        }
        return before + done;
    }

    /** {@link #begin} in the middle of a write, which others need not wait for. */
    private int goOn() {
        giveWay();
        return begin();
    }

    /**
     * EINPROGRESS: a fast open lacks its cookie, so a handshake without data has begun, as by connect(2); tcp(7),
     * TCP_FASTOPEN.
     */
    private static long later(long n) {
        return n == -Errno.EINPROGRESS ? -Errno.EAGAIN : n;
    }

    /** {@link Descriptor#writeVector}. */
    long writeVector(MemorySegment[] buffers, int count) {
        if (traffic == Traffic.PACKETS) {
            return Buffers.bytes(buffers, 0, count) > Buffers.ARRAY_BYTES_MAX
                    ? Result.ofWrite(0, -Errno.EMSGSIZE)
                    : writeWhole(count == 1 ? buffers[0] : Buffers.joined(buffers, count));
        }
        int refused = enter();
        if (refused != 0) {
            return Result.ofWrite(0, refused);
        }
        try {
            int n = prepare();
            long done = 0;
            int at = 0;
            while (n == TRY && at < count) {
                int run = Buffers.nativeRun(buffers, at, count);
                boolean more = at + run < count;
                done = run > 1
                        ? writeRun(buffers, at, run, done, more)
                        : writeLocked(null, buffers[at], 0, buffers[at].byteSize(), done, more);
                if (!more || Result.failure(done) != 0) {
                    return done;
                }
                at += run;
                n = begin();
            }
            return n == TRY ? 0 : Result.ofWrite(done, n);
        } finally {
            leave();
        }
    }

    private long writeWhole(MemorySegment buffer) {
        return write(null, buffer, 0, buffer.byteSize());
    }

    private long writeRun(MemorySegment[] buffers, int from, int count, long before, boolean more) {
        MemorySegment[] rest = Arrays.copyOfRange(buffers, from, from + count);
        int left = count;
        long done = before;
        while (left > 0) {
            long n = afterTransfer(later(sys.writev(fd, rest, left, more)));
            if (n >= 0) {
                done += n;
                left = Buffers.dropWritten(rest, left, n);
                n = left == 0 ? TRY : await();
            }
            if (n != TRY) {
                return Result.ofWrite(done, (int) n);
            }
        }
        return done;
    }

    /** Writes the next {@code count} bytes of the pipe {@code from}, which holds them. */
    long spliceFrom(int from, int count) {
        int refused = enter();
        if (refused != 0) {
            return Result.ofWrite(0, refused);
        }
        try {
            long n = prepare();
            int done = 0;
            while (n == TRY && done < count) {
                n = afterTransfer(later(sys.splice(from, fd, count - done)));
                if (n > 0) {
                    done += (int) n;
                    n = TRY;
                }
            }
            return n == TRY ? done : Result.ofWrite(done, n == 0 ? -Errno.EIO : (int) n);
        } finally {
            leave();
        }
    }

    /** {@link Descriptor#connect}. */
    int connect(int kind, SocketName to) {
        int refused = enter();
        if (refused != 0) {
            return refused;
        }
        try {
            int n = begin();
            if (n == TRY) {
                n = sys.connect(fd, kind, to);
            }
            if (n == -Errno.EINPROGRESS || n == -Errno.EALREADY || n == -Errno.EINTR) {
                n = awaitConnected();
            }
            if (n == 0) {
                descriptor.count(Counter.DIALED, 1);
            }
            return n;
        } finally {
            leave();
        }
    }

    /** On loopback the handshake is usually complete: one getpeername(2) replaces a wait and three calls. */
    private int awaitConnected() {
        SocketName[] peer = new SocketName[1];
        int n = TRY;
        while (n == TRY) {
            int peerless = descriptor.use(number -> sys.remoteAddress(number, peer));
            if (peerless == 0) {
                return 0;
            }
            int error = descriptor.option(SocketOption.ERROR);
            if (error == Errno.EISCONN) {
                return 0;
            }
            if (error != 0 && error != Errno.EINPROGRESS && error != Errno.EALREADY && error != Errno.EINTR) {
                return error < 0 ? error : -error;
            }
            if (peerless != -Errno.ENOTCONN) {
                return peerless; // No answer: maybe connected, and then no edge would end a wait.
            }
            // No error and no peer: not connected yet, however writable it looks (golang/go#14548).
            n = await();
        }
        return n;
    }
}
