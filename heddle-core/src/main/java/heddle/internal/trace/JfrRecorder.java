package heddle.internal.trace;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import jdk.jfr.Timespan;

import org.jspecify.annotations.Nullable;

/**
 * The events, off unless a recording asks for them: docs/observability.md. Loaded only where there is jdk.jfr; made when the recorder
 * starts.
 *
 * <p>An instance of each event that is never committed answers whether that event is enabled, so that asking allocates nothing even where
 * the compiler did not see that it need not.
 */
final class JfrRecorder extends Recorder {

    private final ParkEvent park = new ParkEvent();
    private final AcceptEvent accept = new AcceptEvent();
    private final ConnectEvent connect = new ConnectEvent();
    private final HandOffEvent handOff = new HandOffEvent();
    private final PollBatchEvent pollBatch = new PollBatchEvent();

    private JfrRecorder() {}

    /** Makes this the recorder in use when the JDK's starts; at once if it has. */
    static void listen() {
        FlightRecorder.addListener(
                new FlightRecorderListener() {
                    @Override
                    public void recorderInitialized(FlightRecorder recorder) {
                        started(new JfrRecorder());
                    }
                });
    }

    @Override
    boolean parksEnabled() {
        return park.isEnabled();
    }

    @Override
    @Nullable Park newPark() {
        if (!park.isEnabled()) {
            return null;
        }
        ParkEvent event = new ParkEvent();
        event.begin();
        return event;
    }

    @Override
    @Nullable Accept newAccept() {
        if (!accept.isEnabled()) {
            return null;
        }
        AcceptEvent event = new AcceptEvent();
        event.begin();
        return event;
    }

    @Override
    @Nullable Connect newConnect() {
        if (!connect.isEnabled()) {
            return null;
        }
        ConnectEvent event = new ConnectEvent();
        event.begin();
        return event;
    }

    @Override
    @Nullable Poll newPoll() {
        if (!pollBatch.isEnabled()) {
            return null;
        }
        PollBatchEvent event = new PollBatchEvent();
        event.begin();
        return event;
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

    /** From before the thread parks until it runs again. */
    @Name("heddle.Park")
    @Label("Park")
    @Category("Heddle")
    @Description("A thread waited for a connection, a listener or a dial to become ready")
    @Enabled(false)
    @Threshold("20 ms")
    static final class ParkEvent extends Event implements Park {

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
    static final class AcceptEvent extends Event implements Accept {

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
    static final class ConnectEvent extends Event implements Connect {

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
        @Description(
                "For how long the task was seen there, at least; 0 if it gave the processor away")
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
    static final class PollBatchEvent extends Event implements Poll {

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
