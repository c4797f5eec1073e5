package heddle.internal.poll;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import heddle.internal.socket.Errno;
import heddle.stress.Gap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/** {@link Registration}: a reader and a writer that wait first, where the first attempt to register fails. */
public final class RegistrationStress {

    private RegistrationStress() {}

    private static final Poller FULL = new ScriptedPoller() {
        @Override
        protected int register(Watched registration) {
            return -Errno.ENOMEM;
        }
    };

    private static final Poller EAGER = new ScriptedPoller() {
        @Override
        protected int register(Watched registration) {
            registration.signal(true, true, false);
            return 0;
        }
    };

    /**
     * The other one must try for itself, even if it saw that somebody registers. If it slept, this would hang, which
     * fails too.
     */
    @JCStressTest
    @Outcome(id = "FAILED, READY", expect = ACCEPTABLE, desc = "The reader met the full poller.")
    @Outcome(id = "READY, FAILED", expect = ACCEPTABLE, desc = "The writer met it.")
    @Outcome(id = "READY, READY", expect = ACCEPTABLE, desc = "Who was to meet it came second.")
    @Outcome(expect = FORBIDDEN, desc = "One failure for both.")
    @State
    public static class BothDirections {
        private final AtomicBoolean chosen = new AtomicBoolean();
        private final Registration registration =
                new Registration(7, () -> chosen.compareAndSet(false, true) ? FULL : EAGER, Slots.TRACE);

        @Actor
        public void reader(LL_Result r) {
            r.r1 = registration.await(registration.read());
        }

        @Actor
        public void writer(LL_Result r) {
            r.r2 = registration.await(registration.write());
        }
    }

    /** Who fails does not tell the other. */
    @JCStressTest
    @Outcome(id = "FAILED, FAILED", expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(
            id = {"FAILED, PARKED", "PARKED, FAILED"},
            expect = ACCEPTABLE_INTERESTING,
            desc = "One sleeps, watched by nobody.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class BothDirectionsTwin {
        private final AtomicReference<String> poller = new AtomicReference<>("");

        @Actor
        public void reader(LL_Result r) {
            r.r1 = watch();
        }

        @Actor
        public void writer(LL_Result r) {
            r.r2 = watch();
        }

        private String watch() {
            if (poller.compareAndSet("", "FULL")) {
                Gap.widen();
                poller.set("");
                return "FAILED";
            }
            return "PARKED"; // The other one registers both.
        }
    }
}
