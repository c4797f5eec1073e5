package heddle.internal.trace;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Events for the JDK's flight recorder, as far as this JVM has one and somebody has started it. Each begins with one of the methods here,
 * which answers null if the event is not recorded: for the price of a load then, and of one more once the recorder was started. What ends
 * asks again, by the method that begins with {@code end}, since a recording may have started meanwhile. Any thread.
 *
 * <p>Nothing of the recorder is loaded before somebody starts it, since its first event class costs 300 ms of computing.
 */
public abstract class Recorder {

    /** Set by the recorder's start, which stays for the life of the JVM. */
    private static volatile @Nullable Recorder started;

    private static final AtomicBoolean AWAITED = new AtomicBoolean();

    Recorder() {}

    /** Events are wanted as soon as somebody starts the recorder: to be called once, or more often, before anything is to be recorded. */
    public static void awaitStart() {
        if (Modules.has("jdk.jfr") && AWAITED.compareAndSet(false, true)) {
            JfrRecorder.listen();
        }
    }

    static void started(Recorder recorder) {
        started = recorder;
    }

    /** A wait for readiness. */
    public interface Park {
        /**
         * The wait is over.
         *
         * @param op such as {@code read}
         * @param socket whose text names it
         * @param outcome how it ended
         * @param readyNanos when readiness ended it, by {@link System#nanoTime}; 0 if something else did
         */
        void done(String op, Object socket, Object outcome, long readyNanos);
    }

    /** A connection taken from a backlog. */
    public interface Accept {
        /** It is there; both texts are asked for if the event is recorded. */
        void done(Object listener, Object peer);
    }

    /** An attempt to connect to one address. */
    public interface Connect {
        /**
         * It has succeeded or failed.
         *
         * @param socket whose text names the connection, or the address if there is none
         * @param failure its text, empty for success
         */
        void done(Object socket, String failure);
    }

    /** A poll of the system. */
    public interface Poll {
        /** It is over; without events it is not recorded. */
        void done(int events, int woken);
    }

    /** A wait begins; null if waits are not recorded. */
    public static @Nullable Park beginPark() {
        Recorder recorder = started;
        return recorder == null ? null : recorder.newPark();
    }

    /** A wait ends that may have begun before a recording: {@code begun}, or one since the recording; null if waits are not recorded. */
    public static @Nullable Park endPark(@Nullable Park begun) {
        Recorder recorder = started;
        return begun != null || recorder == null ? begun : recorder.latePark();
    }

    /** Whether waits are recorded, so that the instant of readiness is of use. */
    public static boolean recordsParks() {
        Recorder recorder = started;
        return recorder != null && recorder.parksEnabled();
    }

    /** A wait for a connection begins; null if those are not recorded. */
    public static @Nullable Accept beginAccept() {
        Recorder recorder = started;
        return recorder == null ? null : recorder.newAccept();
    }

    /** The same for a wait for a connection that got one. */
    public static @Nullable Accept endAccept(@Nullable Accept begun) {
        Recorder recorder = started;
        return begun != null || recorder == null ? begun : recorder.lateAccept();
    }

    /** An attempt begins; null if those are not recorded. */
    public static @Nullable Connect beginConnect() {
        Recorder recorder = started;
        return recorder == null ? null : recorder.newConnect();
    }

    /** The same for an attempt. */
    public static @Nullable Connect endConnect(@Nullable Connect begun) {
        Recorder recorder = started;
        return begun != null || recorder == null ? begun : recorder.lateConnect();
    }

    /** A poll begins; null if those are not recorded. */
    public static @Nullable Poll beginPoll() {
        Recorder recorder = started;
        return recorder == null ? null : recorder.newPoll();
    }

    /** The same for a poll. */
    public static @Nullable Poll endPoll(@Nullable Poll begun) {
        Recorder recorder = started;
        return begun != null || recorder == null ? begun : recorder.latePoll();
    }

    /**
     * A processor went from a carrier to another.
     *
     * @param heldNanos for how long the monitor had seen the task there; 0 if it had not, as the task gave the processor away itself
     */
    public static void handOff(int processor, String carrier, long heldNanos) {
        Recorder recorder = started;
        if (recorder != null) {
            recorder.recordHandOff(processor, carrier, heldNanos);
        }
    }

    abstract boolean parksEnabled();

    abstract @Nullable Park newPark();

    abstract @Nullable Park latePark();

    abstract @Nullable Accept newAccept();

    abstract @Nullable Accept lateAccept();

    abstract @Nullable Connect newConnect();

    abstract @Nullable Connect lateConnect();

    abstract @Nullable Poll newPoll();

    abstract @Nullable Poll latePoll();

    abstract void recordHandOff(int processor, String carrier, long heldNanos);
}
