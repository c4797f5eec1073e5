package heddle.internal.poll.uring;

import static heddle.internal.sys.linux.Epoll.EPOLLET;
import static heddle.internal.sys.linux.Epoll.EPOLLIN;
import static heddle.internal.sys.linux.Epoll.EPOLLOUT;
import static heddle.internal.sys.linux.Epoll.EPOLLPRI;
import static heddle.internal.sys.linux.Epoll.EPOLLRDHUP;

import heddle.internal.poll.Inbox;
import heddle.internal.poll.Intake;
import heddle.internal.poll.Outgoing;
import heddle.internal.poll.Piece;
import heddle.internal.poll.RingRequest;
import heddle.internal.poll.Watched;
import heddle.internal.poll.epoll.EpollPoller;
import heddle.internal.socket.Errno;
import heddle.internal.socket.NumberTable;
import heddle.internal.sys.linux.Ring;
import heddle.internal.trace.Trace;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A poller over one io_uring, which watches an epoll instance beside what it receives and sends itself. What is asked
/// of it lies in an intake until the polling thread comes by; only that one touches the ring.
///
/// A completion's user data:
///
///     bits  0-31  generation of what is watched; of a send, its place; of the epoll instance, whose carrier asked
///     bits 32-55  descriptor
///     bits 56-63  RECEIVE, SEND, CANCEL, EPOLL or NOTHING
///
/// The epoll instance watches a stream for writing once somebody waited for that, and for reading only where bytes are
/// not received by the ring; everything else as [EpollPoller] does. It tells the end of each stream too: where bytes
/// and the end come at once, some kernels take the bytes and forget to look for the end (seen on 6.18). So whoever
/// finds nothing, and knows of an end, cancels the receive and asks the kernel.
///
/// Hand-off: the kernel completes a request on the thread that submitted it, which may be stuck, or wake from its sleep
/// for each. So the carrier that comes to poll counts itself; what completes for an earlier one is cancelled, and its
/// reader asks again.
public final class RingPoller extends EpollPoller {

    private static final int SUBMISSIONS = 1 << 10;

    /** More than there are buffers and sends at a time. */
    private static final int COMPLETIONS = 32 << 10;

    /** How many buffers may lie unread for one stream. */
    private static final int UNREAD_MAX = 16;

    /** As many sends as this are a batch, and do not wait for more. */
    private static final int SENDS_A_BATCH = 64;

    /** How much is sent by one entry into the kernel. */
    private static final int SEND_AREA_BYTES = 256 << 10;

    private static final int KIND_SHIFT = 56;
    private static final int FD_SHIFT = 32;
    private static final int FD_MASK = (1 << 24) - 1;
    private static final int RECEIVE = 1;
    private static final int SEND = 2;
    private static final int CANCEL = 3;
    private static final int EPOLL = 4;
    private static final int NOTHING = 5;

    private final Ring ring;
    private final ReceiveBuffers buffers;
    private final MemorySegment sendArea = Arena.ofAuto().allocate(SEND_AREA_BYTES, 64);
    private final Intake<RingRequest> intake = new Intake<>();
    private final Inbox.Ring receiver = new Receiver();
    private final Consumer<RingRequest> serve = this::serve;

    /** What inboxes see of this. */
    private final class Receiver implements Inbox.Ring {

        @Override
        public void ask(Inbox inbox) {
            RingPoller.this.ask(inbox);
        }

        @Override
        public void giveBack(Piece piece) {
            buffers.giveBack(piece);
        }

        @Override
        public boolean isDead() {
            return failure() != null;
        }
    }

    /** How many sends were asked for since the last select. Any thread's, without a guard: it is only a hint. */
    private int sendsAsked;

    // The polling thread's, as what follows.

    /** Sends that were submitted, by their places. */
    private final @Nullable Outgoing[] sends = new Outgoing[SUBMISSIONS];

    private final int[] freePlaces = new int[SUBMISSIONS];
    private int freeCount = SUBMISSIONS;
    private int sendAreaUsed;

    /** The carrier that polled last, and how many there were. */
    private @Nullable Thread carrier;

    private int epoch;

    /** Some thread was made runnable since this select began, which so must not wait: see IdlePoll. */
    private boolean awake;

    /** Whether the ring will tell this carrier of the epoll instance's next event; else each select looks there. */
    private boolean watchesEpoll;

    /**
     * As {@link EpollPoller#EpollPoller}.
     *
     * @throws heddle.internal.sys.StartException the system refused; {@link Ring#reason} explains it if the call was of
     *     io_uring
     */
    public RingPoller(NumberTable<Watched> watched, Trace trace, Consumer<Throwable> onFailure) {
        super(watched, trace, onFailure);
        boolean made = false;
        try {
            ring = new Ring(SUBMISSIONS, COMPLETIONS, ReceiveBuffers.COUNT, ReceiveBuffers.BYTES, ReceiveBuffers.STEP);
            made = true;
        } finally {
            if (!made) {
                super.close();
            }
        }
        buffers = new ReceiveBuffers(ring);
        for (int i = 0; i < SUBMISSIONS; i++) {
            freePlaces[i] = i;
        }
    }

    private static long userData(int kind, int fd, int low) {
        return (long) kind << KIND_SHIFT | (long) fd << FD_SHIFT | (low & 0xffff_ffffL);
    }

    /** Nothing yet: {@link #arm} says what to watch for. */
    @Override
    protected int register(Watched fresh) {
        return 0;
    }

    @Override
    protected void deregister(Watched gone) {
        Inbox inbox = gone.inbox();
        if (inbox != null) {
            inbox.stop();
            inbox.discard();
        }
        super.deregister(gone);
    }

    @Override
    protected int arm(Watched one, boolean write) {
        // Before the kernel is asked, as it may tell at once; by who registers, or by the other direction's waiter, who
        // may be here first.
        if (one.interest() == 0) {
            watched.put(one.fd(), one);
        }
        if (write) {
            return watch(one, EPOLLOUT | EPOLLET, 0);
        }
        if (!one.expectsBytes()) {
            return watch(one, INTEREST, 0);
        }
        Inbox inbox = one.inbox();
        if (inbox == null) {
            inbox = new Inbox(one.fd(), one.generation(), receiver);
            one.setInbox(inbox);
        }
        inbox.receive();
        // Not for what arrives, which would be told twice.
        return watch(one, EPOLLRDHUP | EPOLLET, EPOLLIN | EPOLLPRI);
    }

    /**
     * Makes the epoll instance watch for {@code added} too, and no more for {@code dropped}: 0 or -errno. Any thread.
     * Who changed the word last, or sees that somebody has, tells the kernel what it says then.
     */
    private int watch(Watched one, int added, int dropped) {
        int seen = one.interest();
        int wanted = (seen | added) & ~dropped;
        while (wanted != seen && !one.setInterest(seen, wanted)) {
            seen = one.interest();
            wanted = (seen | added) & ~dropped;
        }
        if (wanted == seen) {
            return 0;
        }
        int result;
        do {
            wanted = one.interest();
            result = epoll.modify(one.fd(), wanted, data(one));
            if (result == -Errno.ENOENT) {
                result = epoll.add(one.fd(), wanted, data(one));
            }
        } while (result == -Errno.EEXIST || one.interest() != wanted);
        if (result < 0) {
            one.setInterest(wanted, seen);
        }
        return result;
    }

    @Override
    protected void ask(RingRequest request) {
        intake.push(request);
        if (request instanceof Outgoing) {
            sendsAsked++;
        }
        if (failure() != null) {
            intake.empty(RingPoller::abandon); // Look again: the poller may have died before it was there.
        } else if (isAsleep()) {
            wakeUp();
        }
    }

    @Override
    public boolean isDue() {
        return sendsAsked >= SENDS_A_BATCH;
    }

    @Override
    protected int select(long timeoutNanos) {
        awake = false;
        sendsAsked = 0;
        if (Thread.currentThread() != carrier) {
            takeOver();
        }
        serveAll();
        int events = watchesEpoll ? 0 : super.select(0);
        boolean blocks = timeoutNanos != 0 && events == 0 && !awake && !ring.hasNext();
        if (blocks && !watchesEpoll) {
            watchEpoll();
        }
        boolean watched = watchesEpoll;
        if (blocks && !awake) {
            enter(timeoutNanos);
        } else if (ring.mustEnter()) {
            enter(0);
        }
        events += complete();
        return watched && !watchesEpoll ? events + super.select(0) : events;
    }

    /** What the kernel has in hand for the carrier before completes there: this one asks anew. */
    private void takeOver() {
        if (carrier != null) {
            makeRoom();
            ring.cancelRequest(userData(EPOLL, 0, epoch), userData(NOTHING, 0, 0));
        }
        carrier = Thread.currentThread();
        epoch++;
        watchesEpoll = false;
    }

    private void watchEpoll() {
        makeRoom();
        ring.poll(epoll.descriptor(), userData(EPOLL, 0, epoch));
        watchesEpoll = true;
    }

    private void makeRoom() {
        while (ring.room() == 0) {
            turnOver();
        }
    }

    /**
     * Submits what waits for it. The kernel may refuse that as long as completions wait, so they are taken too; what is
     * done about one submits nothing, and so never ends up here again.
     */
    private void turnOver() {
        enter(0);
        complete();
        awake = true;
    }

    /** One entry into the kernel, after which it has no use for the bytes that were to be sent. */
    private void enter(long timeoutNanos) {
        int result = ring.enter(timeoutNanos);
        // EAGAIN, EBUSY: the kernel is short of memory, or of room for completions; it is asked again.
        if (result < 0 && result != -Errno.EINTR && result != -Errno.EAGAIN && result != -Errno.EBUSY) {
            throw new AssertionError("io_uring_enter: " + Errno.text(-result));
        }
        if (ring.pending() == 0) {
            sendAreaUsed = 0;
        }
    }

    private void serveAll() {
        buffers.fill();
        if (!intake.isEmpty()) {
            intake.empty(serve);
        }
    }

    private void serve(RingRequest request) {
        switch (request) {
            case Inbox inbox -> serve(inbox);
            case Outgoing outgoing -> serve(outgoing);
        }
    }

    private void serve(Inbox inbox) {
        makeRoom(); // Before it is looked at: its last completion may be among those that this takes.
        if (inbox.isToStop()) {
            if (inbox.isInKernel()) {
                cancel(inbox);
            } else if (inbox.isReceiving()) {
                inbox.ended(Inbox.ASK_KERNEL);
                awake = true;
            }
        } else if (inbox.isOverdue(UNREAD_MAX, epoch)) {
            cancel(inbox);
        } else if (inbox.isReceiving() && !inbox.isInKernel()) {
            ring.receive(inbox.fd(), userData(RECEIVE, inbox.fd(), inbox.generation()));
            inbox.begun(epoch);
        }
    }

    private void cancel(Inbox inbox) {
        // By its number: by user data it is not found while it completes (liburing issue 1375).
        ring.cancel(inbox.fd(), userData(CANCEL, inbox.fd(), inbox.generation()));
        inbox.setCancelling(true);
    }

    private void serve(Outgoing outgoing) {
        int length = outgoing.length();
        while (ring.room() == 0 || freeCount == 0 || sendAreaUsed + length > SEND_AREA_BYTES) {
            turnOver();
        }
        outgoing.copyTo(sendArea, sendAreaUsed);
        int place = freePlaces[--freeCount];
        ring.send(outgoing.fd(), sendArea.address() + sendAreaUsed, length, outgoing.more(), userData(SEND, 0, place));
        sends[place] = outgoing; // Not before: what throws leaves it to the intake, and it is abandoned once.
        sendAreaUsed += (length + 7) & ~7;
    }

    /** All that has completed: how many there were. Submits nothing. */
    private int complete() {
        int count = 0;
        while (ring.next()) {
            count++;
            long userData = ring.userData();
            int result = ring.result();
            int flags = ring.flags();
            ring.release();
            switch ((int) (userData >>> KIND_SHIFT)) {
                case RECEIVE -> received(userData, result, flags);
                case SEND -> sent((int) userData, result);
                case CANCEL -> cancelled(userData, result);
                case EPOLL -> epollTold((int) userData, result);
                default -> {} // What came of a cancel that nobody waits for.
            }
        }
        return count;
    }

    private @Nullable Watched find(long userData) {
        Watched one = watched.find((int) (userData >>> FD_SHIFT) & FD_MASK);
        return one != null && one.generation() == (int) userData ? one : null;
    }

    private void received(long userData, int result, int flags) {
        Watched one = find(userData);
        Inbox inbox = one == null ? null : one.inbox();
        Piece piece = (flags & Ring.HAS_BUFFER) == 0 ? null : buffers.took(Ring.buffer(flags));
        if (one == null || inbox == null) {
            throw new AssertionError("a receive outlived its descriptor");
        }
        if (piece != null && result > 0) {
            inbox.came(piece, result);
        } else if (piece != null) {
            buffers.giveBack(piece);
        }
        if (result == -Errno.ENOBUFS) {
            buffers.ranOut();
        }
        if (result == 0 || result == -Errno.ECONNRESET) {
            one.setPeerClosed();
        }
        if ((flags & Ring.MORE) == 0) {
            inbox.ended(isNews(result) ? result : Inbox.ASK_KERNEL);
        } else if (inbox.isOverdue(UNREAD_MAX, epoch)) {
            intake.push(inbox); // Served before the next entry, which the cancel needs too.
        }
        woken += one.signal(true, false, false);
    }

    /** Whether the last completion told of the stream, and not only of the receive. */
    private static boolean isNews(int result) {
        return result <= 0
                && result != -Errno.ENOBUFS
                && result != -Ring.ECANCELED
                && result != -Errno.EAGAIN
                && result != -Errno.EINTR;
    }

    private void sent(int place, int result) {
        Outgoing outgoing = sends[place];
        sends[place] = null;
        freePlaces[freeCount++] = place;
        if (outgoing != null) {
            outgoing.sent(result);
        }
    }

    /** If it was not found, it was just completing, and maybe goes on. */
    private void cancelled(long userData, int result) {
        Watched one = result < 0 ? find(userData) : null;
        Inbox inbox = one == null ? null : one.inbox();
        if (inbox != null && inbox.isInKernel()) {
            inbox.setCancelling(false);
            if (inbox.isToStop()) {
                ask(inbox);
            }
        }
    }

    private void epollTold(int epochOfCarrier, int result) {
        if (epochOfCarrier != epoch) {
            return;
        }
        if (result < 0 && result != -Ring.ECANCELED) {
            throw new AssertionError("a poll of epoll: " + Errno.text(-result));
        }
        watchesEpoll = false;
    }

    private static void abandon(RingRequest request) {
        switch (request) {
            case Inbox inbox -> inbox.abandon();
            case Outgoing outgoing -> outgoing.abandon();
        }
    }

    @Override
    protected void abandon() {
        super.abandon();
        intake.empty(RingPoller::abandon);
        for (Outgoing outgoing : sends) {
            if (outgoing != null) {
                outgoing.abandon();
            }
        }
        forEachWatched(one -> {
            Inbox inbox = one.inbox();
            if (inbox != null) {
                inbox.abandon();
            }
        });
        ring.close(false); // So that no descriptor which is closed later stays open in there.
    }

    @Override
    public void close() {
        super.close();
        if (failure() == null) {
            ring.close(true);
        }
    }
}
