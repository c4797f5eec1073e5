package heddle.internal.fd;

import heddle.internal.poll.Inbox;
import heddle.internal.poll.ReadinessSlot;
import heddle.internal.poll.Wait;
import heddle.internal.socket.Errno;
import heddle.internal.socket.SocketName;
import heddle.internal.sys.Syscalls;
import heddle.internal.trace.Counter;
import heddle.time.Clock;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The reading of a descriptor, and accepting.
 *
 * <p>A stream from which a read got less than it asked for is drained: the next read waits without a call that says
 * EAGAIN first (epoll(7), Q9), unless the peer has shut down or sent urgent data. New data is a new edge, and an edge
 * since the last {@code clear()} ends the wait at once, so nothing is slept through. {@link Traffic} says where a short
 * read proves nothing.
 *
 * <p>Longer than most files here: each way to read (plain, lent, scattered, from the ring, packets, accepting) is
 * beside the rule above, which it must keep.
 */
final class Reads extends Direction {

    /** They take as long as a call. */
    private static final int BYTES_A_CALL = 8 << 10;

    /** The ring is left, for good, once so many more reads were long than short, by {@link #BY_RING_MAX}. */
    private static final int LONG_READS = 8;

    /** The last read got less than it asked for, and no ring has received since; guarded by the read lock. */
    private boolean drained;

    /**
     * How many more reads by the ring were long than short, 0 to {@link #LONG_READS}; guarded by the read lock. A byte
     * takes no room here, and each connection has one of these objects.
     */
    private byte longReads;

    /** How many bytes the last call into an array got; guarded by the read lock. */
    private int cameLast;

    /** A failure that ended a read which had bytes to return, for the next one; guarded by the read lock. */
    private int postponedFailure;

    /** What was taken for somebody who did not want it, for the next reads; guarded by the read lock. */
    private @Nullable ByteBuffer rest;

    /** The buffer that its reader has borrowed, and how many bytes came in it; guarded by the read lock. */
    private @Nullable ByteBuffer lent;

    private int lentBytes;

    Reads(Descriptor descriptor, Syscalls sys, Traffic traffic, ReadinessSlot slot) {
        super(descriptor, sys, traffic, slot, BYTES_A_CALL);
        registration.setExpectsBytes(traffic == Traffic.BYTES);
    }

    @Override
    DescriptorLock.Grant lock() {
        return descriptor.lock().lockRead();
    }

    @Override
    boolean unlock() {
        return descriptor.lock().unlockRead();
    }

    /** {@link Descriptor#read}. */
    int read(byte @Nullable [] array, @Nullable MemorySegment segment, long offset, int length) {
        int refused = enter();
        if (refused != 0) {
            return refused;
        }
        try {
            return length == 0 ? 0 : readLocked(array, segment, offset, length);
        } finally {
            leave();
        }
    }

    /**
     * Into one of the two. An array is no segment before the call that fills it: one that lives longer would be
     * allocated.
     */
    private int readLocked(byte @Nullable [] array, @Nullable MemorySegment segment, long offset, int length) {
        if (postponedFailure != 0 || rest != null) {
            return readPostponed(target(array, segment), offset, length);
        }
        long n = prepareToRead();
        // A packet's rest would be lost.
        int asked = traffic == Traffic.PACKETS ? length : Math.min(length, Syscalls.TRANSFER_BYTES_MAX);
        if (n == TRY) {
            n = afterTransfer(receive(array, segment, offset, asked));
        }
        if (n == TRY) {
            n = readAgain(array, segment, offset, asked);
        }
        return n == 0 ? Result.END_OF_STREAM : (int) n;
    }

    /**
     * Apart, so that the first call is in no loop: there the second compiler now and then allocates the segments that
     * name a long array, for good; docs/performance.md, "Allocation".
     */
    private long readAgain(byte @Nullable [] array, @Nullable MemorySegment segment, long offset, int asked) {
        long n = TRY;
        while (n == TRY) {
            n = afterTransfer(receive(array, segment, offset, asked));
        }
        return n;
    }

    /** One call, into one of the two, or what a ring has received before; and whether that drained the stream. */
    private int receive(byte @Nullable [] array, @Nullable MemorySegment segment, long offset, int length) {
        drained = false; // Also where the call throws, for memory that cannot be used.
        Inbox inbox = registration.inbox();
        if (inbox != null) {
            int n = takeReceived(inbox, array, segment, offset, length);
            if (n != Inbox.ASK_KERNEL) {
                return n;
            }
        }
        int n;
        if (array == null) {
            n = sys.recv(fd, Objects.requireNonNull(segment), offset, length);
        } else {
            n = sys.recv(fd, array, (int) offset, length, cameLast);
            cameLast = n > 0 ? n : cameLast;
        }
        noteDrained(n, length);
        return n;
    }

    private int takeReceived(
            Inbox inbox, byte @Nullable [] array, @Nullable MemorySegment segment, long offset, int length) {
        int failed = sys.takeReceived(fd);
        if (failed < 0) {
            return failed;
        }
        int n = inbox.read(array, segment, offset, length);
        if (n == -Errno.EAGAIN && longReads == LONG_READS) {
            registration.setExpectsBytes(false);
        }
        // mustTry: the ring may have missed the end, see RingPoller.
        if (n == -Errno.EAGAIN && (registration.mustTry() || !registration.expectsBytes())) {
            inbox.stop();
            n = inbox.read(array, segment, offset, length);
        }
        if (n == Inbox.ASK_KERNEL && !registration.expectsBytes()) {
            registration.setInbox(null);
        } else if (n > 0 && n != Inbox.ASK_KERNEL) {
            longReads = (byte) Math.clamp(longReads + (n > BY_RING_MAX ? 1 : -1), 0, LONG_READS);
        }
        return n;
    }

    /** As {@link #prepare}, but that a drained stream is waited for first. */
    private int prepareToRead() {
        if (!isDrained()) {
            return prepare();
        }
        int n = begin();
        return n == TRY ? outcome(awaitDrained(Clock.NONE)) : n;
    }

    private boolean isDrained() {
        return drained && !registration.mustTry();
    }

    /** Waits at most until {@code untilNanos}, if that is not 0. From then on a ring may have received. */
    private Wait awaitDrained(long untilNanos) {
        Wait wait = untilNanos == Clock.NONE ? registration.await(slot) : registration.awaitUntil(slot, untilNanos);
        drained = wait != Wait.READY && registration.inbox() == null;
        return wait;
    }

    private static MemorySegment target(byte @Nullable [] array, @Nullable MemorySegment segment) {
        return array != null ? MemorySegment.ofArray(array) : Objects.requireNonNull(segment);
    }

    /** What an earlier call left for this one: bytes before a failure. */
    private int readPostponed(MemorySegment buffer, long offset, int length) {
        ByteBuffer left = rest;
        if (left == null) {
            int failure = postponedFailure;
            postponedFailure = 0;
            return failure;
        }
        int n = begin();
        if (n == TRY) {
            n = Math.min(length, left.remaining());
            MemorySegment.copy(MemorySegment.ofBuffer(left), 0, buffer, offset, n);
            left.position(left.position() + n);
            rest = left.hasRemaining() ? left : null;
        }
        return n;
    }

    /** {@link Descriptor#borrow}. */
    int borrow(Lender lender) {
        int refused = enter();
        if (refused != 0) {
            return refused;
        }
        boolean borrowed = false;
        try {
            int n = borrowLocked(lender);
            borrowed = n > 0;
            return n;
        } finally {
            if (!borrowed) {
                leave();
            }
        }
    }

    /** No buffer is held while this waits. */
    private int borrowLocked(Lender lender) {
        boolean postponed = postponedFailure != 0 || rest != null;
        long n = postponed ? TRY : prepareToRead();
        while (n == TRY) {
            ByteBuffer buffer = lender.take();
            byte[] array = Lender.array(buffer);
            if (postponed) {
                n = readPostponed(MemorySegment.ofArray(array), 0, array.length);
            } else {
                n = receive(array, null, 0, array.length);
            }
            if (n > 0) {
                lent = buffer.clear().limit((int) n);
                lentBytes = (int) n;
                moved(n);
            } else {
                lender.give(buffer);
                n = postponed ? n : after(n);
            }
        }
        return n == 0 ? Result.END_OF_STREAM : (int) n;
    }

    /** {@link Descriptor#lent}. */
    ByteBuffer lent() {
        return Objects.requireNonNull(lent);
    }

    /** {@link Descriptor#giveBack}. */
    int giveBack(Lender lender) {
        ByteBuffer buffer = lent();
        try {
            int taken = Math.min(buffer.position(), lentBytes);
            if (taken < lentBytes) {
                byte[] left = Arrays.copyOfRange(Lender.array(buffer), taken, lentBytes);
                keep(ByteBuffer.wrap(left));
            }
            lent = null;
            lender.give(buffer);
            return taken;
        } finally {
            leave();
        }
    }

    /** {@link Descriptor#readVector}. */
    long readVector(MemorySegment[] buffers, int count) {
        if (traffic == Traffic.PACKETS) {
            return count > 1 ? readPacket(buffers, count) : read(null, buffers[0], 0, (int) buffers[0].byteSize());
        }
        int refused = enter();
        if (refused != 0) {
            return refused;
        }
        try {
            return readVectorLocked(buffers, count);
        } finally {
            leave();
        }
    }

    private long readVectorLocked(MemorySegment[] buffers, int count) {
        long total = readLocked(null, buffers[0], 0, transferBytes(buffers[0].byteSize()));
        int at = 1;
        boolean filled = total == buffers[0].byteSize();
        while (filled && rest == null && at < count) {
            int run = registration.inbox() != null ? 1 : Buffers.nativeRun(buffers, at, count);
            long room = Buffers.bytes(buffers, at, run);
            long n = tryRead(buffers, at, run);
            if (n <= 0) {
                endLater(n);
                break;
            }
            total += n;
            at += run;
            filled = n == room;
        }
        return total;
    }

    /** A packet is one call's, so it goes through a copy. */
    private int readPacket(MemorySegment[] buffers, int count) {
        int room = (int) Math.min(Buffers.bytes(buffers, 0, count), Buffers.ARRAY_BYTES_MAX);
        byte[] packet = new byte[room];
        int n = read(packet, null, 0, room);
        Buffers.spread(MemorySegment.ofArray(packet), n, buffers);
        return n;
    }

    /** One call that does not wait: its result, never EINTR. */
    private long tryRead(MemorySegment[] buffers, int from, int count) {
        long n;
        do {
            n = count > 1
                    ? readRun(buffers, from, count)
                    : receive(null, buffers[from], 0, transferBytes(buffers[from].byteSize()));
        } while (n == -Errno.EINTR);
        moved(n);
        return n;
    }

    private long readRun(MemorySegment[] buffers, int from, int count) {
        long n = sys.readv(fd, Arrays.copyOfRange(buffers, from, from + count), count);
        noteDrained(n, transferBytes(Buffers.bytes(buffers, from, count)));
        return n;
    }

    private static int transferBytes(long bytes) {
        return (int) Math.min(bytes, Syscalls.TRANSFER_BYTES_MAX);
    }

    private void noteDrained(long n, int asked) {
        drained = n > 0 && n < asked && traffic == Traffic.BYTES;
    }

    /**
     * Something ended a read that has bytes to return: the next read must not lose an error that the kernel tells only
     * once.
     */
    private void endLater(long n) {
        drained = false;
        if (n < 0 && n != -Errno.EAGAIN) {
            postponedFailure = (int) n;
        }
    }

    /** {@link Descriptor#awaitReadable}. */
    int awaitReadable(long untilNanos) {
        int refused = enter();
        if (refused != 0) {
            return refused;
        }
        try {
            return awaitReadableLocked(untilNanos);
        } finally {
            leave();
        }
    }

    private int awaitReadableLocked(long untilNanos) {
        Wait wait = registration.begin(slot);
        if (wait == Wait.READY && registration.trace().clock().hasPassed(untilNanos)) {
            wait = Wait.EXPIRED;
        }
        if (wait == Wait.READY && (postponedFailure != 0 || rest != null)) {
            return 0;
        }
        if (wait == Wait.READY) {
            if (isDrained()) {
                wait = awaitDrained(untilNanos);
            } else {
                slot.clear();
            }
        }
        while (wait == Wait.READY) {
            int seen = pollLocked();
            if (seen < 0) {
                return seen;
            }
            if ((seen & Syscalls.READABLE) != 0) {
                return 0;
            }
            wait = registration.awaitUntil(slot, untilNanos);
        }
        return outcome(wait);
    }

    /** poll(2), for the holder of the read lock. */
    private int pollLocked() {
        Inbox inbox = registration.inbox();
        if (inbox != null && !inbox.isEmpty()) {
            return Syscalls.READABLE;
        }
        if (inbox != null && inbox.isReceiving()) {
            if (!registration.mustTry()) {
                return 0;
            }
            inbox.stop();
            if (!inbox.isEmpty()) {
                return Syscalls.READABLE;
            }
        }
        int seen;
        do {
            seen = sys.poll(fd);
        } while (seen == -Errno.EINTR);
        if (seen > 0) {
            drained = false; // The edge that told may be used up.
            notePeer(seen);
        }
        return seen;
    }

    private void notePeer(int seen) {
        if ((seen & Syscalls.PEER_CLOSED) != 0) {
            registration.setPeerClosed();
        }
    }

    /** Looks whether the peer has closed, and notes it: 0 or more, or a failure. Does not wait. */
    int lookAtPeer() {
        if (!sys.hasKernelDescriptors()) {
            return pollIfNobodyReads();
        }
        int seen = descriptor.use(sys::poll);
        if (seen > 0) {
            notePeer(seen);
        }
        return seen;
    }

    /** What {@link Syscalls#poll} holds back is for the reader: one that waits already would not be told. */
    private int pollIfNobodyReads() {
        if (!descriptor.lock().tryLockRead()) {
            return 0;
        }
        try {
            return pollLocked();
        } finally {
            leave();
        }
    }

    /** {@link Descriptor#accept}. */
    int accept(SocketName[] peer) {
        int refused = enter();
        if (refused != 0) {
            return refused;
        }
        try {
            registration.setExpectsBytes(false);
            long n = prepare();
            while (n == TRY) {
                int accepted = sys.accept(fd, peer);
                // ECONNABORTED: the peer gave up while it was queued; accept(2).
                n = accepted == -Errno.ECONNABORTED ? TRY : after(accepted);
            }
            if (n >= 0) {
                descriptor.count(Counter.ACCEPTED, 1);
            }
            return (int) n;
        } finally {
            leave();
        }
    }

    /** {@link Descriptor#transferTo}. */
    Transferred transferTo(Descriptor.Target target, long bytesMax) {
        int refused = enter();
        if (refused != 0) {
            return new Transferred(0, refused, false);
        }
        try {
            return transferLocked(target, bytesMax);
        } finally {
            leave();
        }
    }

    private Transferred transferLocked(Descriptor.Target target, long bytesMax) {
        byte[] buffer = new byte[transferBytes(bytesMax)];
        long done = 0;
        while (done < bytesMax) {
            int n = readLocked(buffer, null, 0, transferBytes(bytesMax - done));
            if (n < 0) {
                return new Transferred(done, n == Result.END_OF_STREAM ? 0 : n, false);
            }
            ByteBuffer piece = ByteBuffer.wrap(buffer, 0, n);
            boolean goesOn = false;
            try {
                goesOn = target.take(piece);
            } finally {
                keep(piece);
            }
            done += piece.position();
            if (!goesOn) {
                return new Transferred(done, 0, true);
            }
        }
        return new Transferred(done, 0, false);
    }

    /**
     * Leaves what remains of {@code taken}, which came before what is left of an earlier transfer, for the next reads.
     */
    private void keep(ByteBuffer taken) {
        ByteBuffer later = rest;
        if (!taken.hasRemaining()) {
            return;
        }
        if (later == null) {
            rest = taken;
        } else {
            rest = ByteBuffer.allocate(taken.remaining() + later.remaining())
                    .put(taken.duplicate())
                    .put(later)
                    .flip();
        }
    }

    /** {@link Descriptor#spliceTo}. */
    @Nullable
    Transferred spliceTo(Writes target, SplicePipes pipes, long bytesMax) {
        if (traffic == Traffic.PACKETS || target.traffic == Traffic.PACKETS || !target.sys.hasKernelDescriptors()) {
            return null;
        }
        int refused = enter();
        if (refused != 0) {
            return new Transferred(0, refused, false);
        }
        try {
            stopReceiving();
            SplicePipes.Ends pipe = rest == null && postponedFailure == 0 ? pipes.take() : null;
            if (pipe == null) {
                return null;
            }
            boolean empty = false;
            try {
                Transferred outcome = spliceLocked(pipe, target, bytesMax);
                empty = true;
                return outcome;
            } finally {
                if (empty) {
                    pipes.give(pipe);
                } else {
                    pipes.close(pipe);
                }
            }
        } finally {
            leave();
        }
    }

    /** From now on the kernel keeps what comes until it is spliced; what a ring has received is read first. */
    private void stopReceiving() {
        registration.setExpectsBytes(false);
        Inbox inbox = registration.inbox();
        if (inbox == null) {
            return;
        }
        inbox.stop();
        drained = false;
        if (!inbox.isEmpty()) {
            takeAllReceived(inbox);
        }
        registration.setInbox(null);
    }

    private void takeAllReceived(Inbox inbox) {
        byte[] piece = new byte[Syscalls.TRANSFER_BYTES_MAX];
        int n;
        while ((n = inbox.read(piece, null, 0, piece.length)) > 0 && n != Inbox.ASK_KERNEL) {
            ByteBuffer earlier = rest;
            rest = ByteBuffer.allocate((earlier == null ? 0 : earlier.remaining()) + n);
            if (earlier != null) {
                rest.put(earlier);
            }
            rest.put(piece, 0, n).flip();
        }
        endLater(n);
    }

    /** Through {@code pipe}, which it leaves empty; null, with nothing passed on, if one of the sockets cannot. */
    private @Nullable Transferred spliceLocked(SplicePipes.Ends pipe, Writes target, long bytesMax) {
        long done = 0;
        while (done < bytesMax) {
            long n = prepareToRead();
            int asked = (int) Math.min(bytesMax - done, Syscalls.SPLICE_BYTES_MAX);
            while (n == TRY) {
                drained = false;
                n = afterTransfer(sys.splice(fd, pipe.in(), asked));
            }
            if (n == -Errno.EINVAL && done == 0) {
                return null;
            }
            if (n <= 0) {
                return new Transferred(done, (int) n, false);
            }
            long written = target.spliceFrom(pipe.out(), (int) n);
            done += Result.bytes(written);
            int failure = Result.failure(written);
            if (failure != 0) {
                keep(emptied(pipe, (int) (n - Result.bytes(written))));
                return failure == -Errno.EINVAL && done == 0 ? null : new Transferred(done, failure, true);
            }
        }
        return new Transferred(done, 0, false);
    }

    /** What {@code pipe} holds. */
    private ByteBuffer emptied(SplicePipes.Ends pipe, int bytes) {
        ByteBuffer held = ByteBuffer.allocateDirect(bytes);
        while (held.hasRemaining()) {
            MemorySegment[] room = {MemorySegment.ofBuffer(held)};
            long n = sys.readv(pipe.out(), room, 1);
            if (n == -Errno.EINTR) {
                continue;
            }
            if (n <= 0) {
                throw new AssertionError("a pipe lost " + held.remaining() + " bytes: " + n);
            }
            held.position(held.position() + (int) n);
        }
        return held.flip();
    }
}
