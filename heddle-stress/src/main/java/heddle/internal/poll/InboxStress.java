package heddle.internal.poll;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import heddle.internal.socket.Errno;
import heddle.stress.Gap;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** {@link Inbox} and {@link Intake}: bytes stay in their order, and nothing that is asked for is lost. */
public final class InboxStress {

    private static final MemorySegment POOL = MemorySegment.ofArray(new byte[1]);

    private static final Inbox.Ring NO_RING = new Inbox.Ring() {
        @Override
        public void ask(Inbox inbox) {}

        @Override
        public void giveBack(Piece piece) {}

        @Override
        public boolean isDead() {
            return false;
        }
    };

    private InboxStress() {}

    /** A byte comes, and with it the end of the receive, while the reader looks. */
    @JCStressTest
    @Outcome(id = "BYTE", expect = ACCEPTABLE, desc = "The reader came second.")
    @Outcome(id = "WAIT", expect = ACCEPTABLE, desc = "It came first: the slot will be signalled.")
    @Outcome(id = "ASK", expect = FORBIDDEN, desc = "It reads from the kernel what comes behind the byte.")
    @State
    public static class LastByte {
        private final Inbox inbox = new Inbox(7, 1, NO_RING);

        public LastByte() {
            inbox.receive();
        }

        @Actor
        public void poller() {
            inbox.came(new Piece(0, POOL, 0), 1);
            inbox.ended(Inbox.ASK_KERNEL);
        }

        @Actor
        public void reader(L_Result r) {
            int n = inbox.read(new byte[1], null, 0, 1);
            r.r1 = n == 1 ? "BYTE" : n == -Errno.EAGAIN ? "WAIT" : "ASK";
        }
    }

    /** Looks for bytes once, before the state. */
    @JCStressTest
    @Outcome(id = "BYTE", expect = ACCEPTABLE, desc = "The reader came second.")
    @Outcome(id = "WAIT", expect = ACCEPTABLE, desc = "It came first.")
    @Outcome(id = "ASK", expect = ACCEPTABLE_INTERESTING, desc = "Both came in between.")
    @State
    public static class LastByteTwin {
        private final AtomicReference<String> came = new AtomicReference<>("");
        private final AtomicBoolean receiving = new AtomicBoolean(true);

        @Actor
        public void poller() {
            came.set("BYTE");
            receiving.set(false);
        }

        @Actor
        public void reader(L_Result r) {
            String seen = came.get();
            Gap.widen();
            r.r1 = !seen.isEmpty() ? seen : receiving.get() ? "WAIT" : "ASK";
        }
    }

    /** A reset comes while the reader finds nothing and asks for a receive: another would end as a stream does. */
    @JCStressTest
    @Outcome(id = "RESET", expect = ACCEPTABLE, desc = "The reader gets it, at once or with its next look.")
    @Outcome(id = "HIDDEN", expect = FORBIDDEN, desc = "Another receive is asked for in its place.")
    @State
    public static class Reset {
        private final Inbox inbox = new Inbox(7, 1, NO_RING);
        private int seen;

        public Reset() {
            inbox.receive();
        }

        @Actor
        public void poller() {
            inbox.ended(-Errno.ECONNRESET);
        }

        @Actor
        public void reader() {
            seen = inbox.read(new byte[1], null, 0, 1);
            if (seen == -Errno.EAGAIN) {
                inbox.receive();
            }
        }

        @Arbiter
        public void outcome(L_Result r) {
            int n = seen == -Errno.EAGAIN ? inbox.read(new byte[1], null, 0, 1) : seen;
            r.r1 = n == -Errno.ECONNRESET ? "RESET" : "HIDDEN";
        }
    }

    /** Asks for another receive wherever none is under way. */
    @JCStressTest
    @Outcome(id = "RESET", expect = ACCEPTABLE, desc = "The reader gets it, at once or with its next look.")
    @Outcome(id = "HIDDEN", expect = ACCEPTABLE_INTERESTING, desc = "It came between the look and the asking.")
    @State
    public static class ResetTwin {
        private final AtomicBoolean receiving = new AtomicBoolean(true);

        @Actor
        public void poller() {
            receiving.set(false);
        }

        @Actor
        public void reader() {
            if (receiving.get()) {
                Gap.widen();
                receiving.compareAndSet(false, true);
            }
        }

        @Arbiter
        public void outcome(L_Result r) {
            r.r1 = receiving.get() ? "HIDDEN" : "RESET";
        }
    }

    /** Asks for something more while the request is taken out. */
    @JCStressTest
    @Outcome(id = "SEEN", expect = ACCEPTABLE, desc = "The polling thread saw it.")
    @Outcome(id = "QUEUED", expect = ACCEPTABLE, desc = "It will.")
    @Outcome(id = "LOST", expect = FORBIDDEN, desc = "Nobody will.")
    @State
    public static class AskAgain {
        private final Intake<RingRequest> intake = new Intake<>();
        private final Inbox inbox = new Inbox(7, 1, NO_RING);
        private boolean seen;

        public AskAgain() {
            intake.push(inbox);
        }

        @Actor
        public void reader() {
            inbox.receive();
            intake.push(inbox);
        }

        @Actor
        public void poller() {
            intake.empty(_ -> seen = inbox.isReceiving());
        }

        @Arbiter
        public void outcome(L_Result r) {
            r.r1 = seen ? "SEEN" : intake.isEmpty() ? "LOST" : "QUEUED";
        }
    }

    /** Looks what is asked for before it clears the claim. */
    @JCStressTest
    @Outcome(id = "SEEN", expect = ACCEPTABLE, desc = "The polling thread saw it.")
    @Outcome(id = "QUEUED", expect = ACCEPTABLE, desc = "It will.")
    @Outcome(id = "LOST", expect = ACCEPTABLE_INTERESTING, desc = "It came between the look and the clearing.")
    @State
    public static class AskAgainTwin {
        private final AtomicBoolean queued = new AtomicBoolean(true);
        private final AtomicBoolean wanted = new AtomicBoolean();
        private boolean seen;

        @Actor
        public void reader() {
            wanted.set(true);
            queued.compareAndSet(false, true);
        }

        @Actor
        public void poller() {
            seen = wanted.get();
            Gap.widen();
            queued.set(false);
        }

        @Arbiter
        public void outcome(L_Result r) {
            r.r1 = seen ? "SEEN" : queued.get() ? "QUEUED" : "LOST";
        }
    }
}
