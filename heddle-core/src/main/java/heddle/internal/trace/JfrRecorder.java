package heddle.internal.trace;

import java.util.List;
import java.util.function.Supplier;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Recording;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/**
 * The events, off unless a recording asks for them: docs/observability.md. Loaded only where there is jdk.jfr; made
 * when the recorder starts.
 *
 * <p>An instance of each event that is never committed answers whether that event is enabled, so that asking allocates
 * nothing even where the compiler did not see that it need not.
 *
 * <p>A wait that was there before any recording wanted it is an event too, from the instant on from which one does: its
 * own beginning was not noted for the flight recorder, and the JDK has no way to give an event another start than now.
 * So an event of each kind begins when the kind becomes wanted, and each such wait completes a clone of it.
 */
final class JfrRecorder extends Recorder.Events {

    private final ParkEvent park = new ParkEvent();
    private final AcceptEvent accept = new AcceptEvent();
    private final ConnectEvent connect = new ConnectEvent();
    private final HandOffEvent handOff = new HandOffEvent();
    private final PollBatchEvent pollBatch = new PollBatchEvent();

    private final Kind<ParkEvent> parks = new Kind<>(park, ParkEvent::new);
    private final Kind<AcceptEvent> accepts = new Kind<>(accept, AcceptEvent::new);
    private final Kind<ConnectEvent> connects = new Kind<>(connect, ConnectEvent::new);
    private final Kind<PollBatchEvent> pollBatches = new Kind<>(pollBatch, PollBatchEvent::new);

    private JfrRecorder() {}

    /**
     * Gives {@code recorder} its events when the JDK's recorder starts; at once if it has. What it returns ends that.
     */
    static Runnable listen(Recorder recorder) {
        var listener = new FlightRecorderListener() {
            // Written once; the JDK tells by whatever thread.
            private volatile @Nullable JfrRecorder events;

            @Override
            public void recorderInitialized(FlightRecorder itself) {
                JfrRecorder fresh = new JfrRecorder();
                events = fresh;
                fresh.recordingsChanged();
                recorder.started(fresh);
            }

            @Override
            public void recordingStateChanged(Recording changed) {
                JfrRecorder known = events;
                if (known != null) {
                    known.recordingsChanged();
                }
            }
        };
        FlightRecorder.addListener(listener);
        return () -> FlightRecorder.removeListener(listener);
    }

    private void recordingsChanged() {
        List.of(parks, accepts, connects, pollBatches).forEach(Kind::recordingsChanged);
    }

    @Override
    boolean parksEnabled() {
        return park.isEnabled();
    }

    @Override
    Recorder.@Nullable Park newPark() {
        return park.isEnabled() ? parks.begin() : null;
    }

    @Override
    Recorder.@Nullable Park latePark() {
        return park.isEnabled() ? parks.late() : null;
    }

    @Override
    Recorder.@Nullable Accept newAccept() {
        return accept.isEnabled() ? accepts.begin() : null;
    }

    @Override
    Recorder.@Nullable Accept lateAccept() {
        return accept.isEnabled() ? accepts.late() : null;
    }

    @Override
    Recorder.@Nullable Connect newConnect() {
        return connect.isEnabled() ? connects.begin() : null;
    }

    @Override
    Recorder.@Nullable Connect lateConnect() {
        return connect.isEnabled() ? connects.late() : null;
    }

    @Override
    Recorder.@Nullable Poll newPoll() {
        return pollBatch.isEnabled() ? pollBatches.begin() : null;
    }

    @Override
    Recorder.@Nullable Poll latePoll() {
        return pollBatch.isEnabled() ? pollBatches.late() : null;
    }

    @Override
    void recordHandOff(int processor, String carrier, long heldNanos) {
        if (handOff.isEnabled()) {
            HandOffEvent event = new HandOffEvent();
            event.processor = processor;
            event.carrier = carrier;
            event.held = heldNanos;
            event.commit();
        }
    }

    /** An event that lasts. */
    abstract static class WaitEvent extends Event implements Cloneable {

        @Label("Began Before")
        @Description("It began before a recording wanted it; start and duration are from then on")
        boolean beganBefore;

        @Override
        protected WaitEvent clone() {
            try {
                return (WaitEvent) super.clone();
            } catch (CloneNotSupportedException cloneable) {
                throw new AssertionError(cloneable);
            }
        }
    }

    /**
     * The events of one class, and since when they are wanted. Any thread.
     *
     * <p>Recordings tell when they start and stop, but not when somebody changes the settings of one that runs: then
     * the first wait that begins or ends afterwards tells.
     */
    private static final class Kind<E extends WaitEvent> {

        private final E sample;
        private final Supplier<E> fresh;

        /**
         * Began when this kind became wanted; null while it is not. Written by who sees that first, racing ones a
         * moment apart.
         */
        private volatile @Nullable E wanted;

        Kind(E sample, Supplier<E> fresh) {
            this.sample = sample;
            this.fresh = fresh;
        }

        void recordingsChanged() {
            if (!sample.isEnabled()) {
                wanted = null;
            } else if (wanted == null) {
                wanted = begun();
            }
        }

        /** Of a wait that begins; while this kind is enabled. */
        E begin() {
            E event = begun();
            if (wanted == null) {
                wanted = begun();
            }
            return event;
        }

        /** Of a wait that ends and began while this kind was not enabled; now it is. */
        @SuppressWarnings("unchecked") // A clone is of the class of its original.
        E late() {
            E original = wanted;
            if (original == null) {
                original = begun();
                wanted = original;
            }
            E event = (E) original.clone();
            event.beganBefore = true;
            return event;
        }

        private E begun() {
            E event = fresh.get();
            event.begin();
            return event;
        }
    }

    /** From before the thread parks until it runs again. */
    @Name("heddle.Park")
    @Label("Park")
    @Category("Heddle")
    @Description("A thread waited for a connection, a listener or a dial to become ready")
    @Enabled(false)
    @Threshold("20 ms")
    static final class ParkEvent extends WaitEvent implements Recorder.Park {

        @Label("Operation")
        String op = "";

        @Label("Socket")
        String socket = "";

        @Label("Outcome")
        String outcome = "";

        @Label("Latency")
        @Description("From readiness until the thread ran; 0 if the wait ended otherwise")
        @Timespan(Timespan.NANOSECONDS)
        long latency;

        @Override
        public void done(String operation, Object ofSocket, Object how, long readyNanos) {
            latency = readyNanos == 0 ? 0 : System.nanoTime() - readyNanos;
            end();
            if (shouldCommit()) {
                op = operation;
                socket = ofSocket.toString();
                outcome = how.toString();
                commit();
            }
        }
    }

    /** From the call of accept until the connection is there. */
    @Name("heddle.Accept")
    @Label("Accept")
    @Category("Heddle")
    @Description("A listener took a connection from its backlog")
    @Enabled(false)
    @StackTrace(false)
    static final class AcceptEvent extends WaitEvent implements Recorder.Accept {

        @Label("Listener")
        String listener = "";

        @Label("Peer")
        String peer = "";

        @Override
        public void done(Object byListener, Object ofPeer) {
            end();
            if (shouldCommit()) {
                listener = byListener.toString();
                peer = ofPeer.toString();
                commit();
            }
        }
    }

    /** From before socket(2) until the connection stands or has failed. */
    @Name("heddle.Connect")
    @Label("Connect")
    @Category("Heddle")
    @Description("An attempt to connect to one address")
    @Enabled(false)
    static final class ConnectEvent extends WaitEvent implements Recorder.Connect {

        @Label("Socket")
        String socket = "";

        @Label("Failure")
        @Description("Empty if the connection stands")
        String failure = "";

        @Override
        public void done(Object ofSocket, String why) {
            end();
            if (shouldCommit()) {
                socket = ofSocket.toString();
                failure = why;
                commit();
            }
        }
    }

    /** An instant. */
    @Name("heddle.HandOff")
    @Label("Hand-Off")
    @Category("Heddle")
    @Description("A processor went from a carrier, which keeps its task, to another one")
    @Enabled(false)
    @StackTrace(false)
    static final class HandOffEvent extends Event {

        @Label("Processor")
        int processor;

        @Label("Carrier")
        @Description("Who lost the processor")
        String carrier = "";

        @Label("Held")
        @Description("For how long the task was seen there, at least; 0 if it gave the processor away")
        @Timespan(Timespan.NANOSECONDS)
        long held;
    }

    /** From before the poll, its sleep included, until all that were ready are on their way. */
    @Name("heddle.PollBatch")
    @Label("Poll Batch")
    @Category("Heddle")
    @Description("A poll of the system that brought events")
    @Enabled(false)
    @StackTrace(false)
    static final class PollBatchEvent extends WaitEvent implements Recorder.Poll {

        @Label("Events")
        int events;

        @Label("Threads Woken")
        int woken;

        @Override
        public void done(int eventCount, int wokenCount) {
            end();
            if (eventCount > 0 && shouldCommit()) {
                events = eventCount;
                woken = wokenCount;
                commit();
            }
        }
    }
}
