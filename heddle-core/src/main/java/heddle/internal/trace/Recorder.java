package heddle.internal.trace;

import org.jspecify.annotations.Nullable;

/**
 * One runtime's events for the JDK's flight recorder, as far as this JVM has one and somebody has started it. Each
 * begins with one of the methods here, which answers null if the event is not recorded: for the price of a load then,
 * and of one more once the recorder was started. What ends asks again, by the method that begins with {@code end},
 * since a recording may have started meanwhile. Any thread.
 *
 * <p>Nothing of the recorder is loaded before somebody starts it, since its first event class costs 300 ms of
 * computing.
 */
public final class Recorder {

    /** Set when the JDK's recorder starts, which then stays for the life of the JVM; taken out by {@link #stop}. */
    private volatile @Nullable Events events;

    /** Takes the listener out of the JDK's recorder; null while none is in. By who starts and stops the runtime. */
    private @Nullable Runnable leave;

    /** Nothing is recorded yet. */
    public Recorder() {}

    /**
     * Events are wanted as soon as somebody starts the recorder. By who starts the runtime, before anything is to be
     * recorded.
     */
    public void start() {
        if (leave == null && Modules.has("jdk.jfr")) {
            leave = JfrRecorder.listen(this);
        }
    }

    /** Nothing is recorded from now on, and the JDK's recorder forgets this. By who stops the runtime. */
    public void stop() {
        Runnable listening = leave;
        if (listening != null) {
            listening.run();
            leave = null;
        }
        events = null;
    }

    void started(Events recorded) {
        events = recorded;
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
    public @Nullable Park beginPark() {
        Events recorded = events;
        return recorded == null ? null : recorded.newPark();
    }

    /**
     * A wait ends that may have begun before a recording: {@code begun}, or one since the recording; null if waits are
     * not recorded.
     */
    public @Nullable Park endPark(@Nullable Park begun) {
        Events recorded = events;
        return begun != null || recorded == null ? begun : recorded.latePark();
    }

    /** Whether waits are recorded, so that the instant of readiness is of use. */
    public boolean recordsParks() {
        Events recorded = events;
        return recorded != null && recorded.parksEnabled();
    }

    /** A wait for a connection begins; null if those are not recorded. */
    public @Nullable Accept beginAccept() {
        Events recorded = events;
        return recorded == null ? null : recorded.newAccept();
    }

    /** The same for a wait for a connection that got one. */
    public @Nullable Accept endAccept(@Nullable Accept begun) {
        Events recorded = events;
        return begun != null || recorded == null ? begun : recorded.lateAccept();
    }

    /** An attempt begins; null if those are not recorded. */
    public @Nullable Connect beginConnect() {
        Events recorded = events;
        return recorded == null ? null : recorded.newConnect();
    }

    /** The same for an attempt. */
    public @Nullable Connect endConnect(@Nullable Connect begun) {
        Events recorded = events;
        return begun != null || recorded == null ? begun : recorded.lateConnect();
    }

    /** A poll begins; null if those are not recorded. */
    public @Nullable Poll beginPoll() {
        Events recorded = events;
        return recorded == null ? null : recorded.newPoll();
    }

    /** The same for a poll. */
    public @Nullable Poll endPoll(@Nullable Poll begun) {
        Events recorded = events;
        return begun != null || recorded == null ? begun : recorded.latePoll();
    }

    /**
     * A processor went from a carrier to another.
     *
     * @param heldNanos for how long the monitor had seen the task there; 0 if it had not, as the task gave the
     *     processor away itself
     */
    public void handOff(int processor, String carrier, long heldNanos) {
        Events recorded = events;
        if (recorded != null) {
            recorded.recordHandOff(processor, carrier, heldNanos);
        }
    }

    /** The events of a recorder that was started: here, so that {@link JfrRecorder} is not loaded before. */
    abstract static class Events {

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
}
