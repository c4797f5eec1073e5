package heddle.gateway;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/**
 * A gateway's events for the JDK's flight recorder, off unless a recording asks for them: docs/observability.md. Any
 * thread.
 *
 * <p>Without jdk.jfr, and before somebody starts the recorder, no event class is loaded, since the first costs 300 ms
 * of computing.
 */
final class Flight {

    private static final boolean THERE = ModuleLayer.boot()
            .findModule("jdk.jfr")
            .filter(Flight.class.getModule()::canRead)
            .isPresent();

    private Flight() {}

    private static boolean recorded() {
        return THERE && FlightRecorder.isInitialized();
    }

    /** A connection was accepted. */
    static void opened(long id, Object peer) {
        if (recorded()) {
            Events.opened(id, peer);
        }
    }

    /** A connection has come to its end. */
    static void closed(long id, Object peer, @Nullable String name, String reason, long submits) {
        if (recorded()) {
            Events.closed(id, peer, name, reason, submits);
        }
    }

    /** A commit begins; null if those are not recorded. */
    static @Nullable Commit beginCommit() {
        return recorded() ? Events.beginCommit() : null;
    }

    /** A commit under way. */
    interface Commit {
        void end(int messages, int result);
    }

    /** Loaded once the recorder runs. */
    private static final class Events {

        static void opened(long id, Object peer) {
            var event = new OpenedEvent();
            if (event.isEnabled()) {
                event.id = id;
                event.peer = peer.toString();
                event.commit();
            }
        }

        static void closed(long id, Object peer, @Nullable String name, String reason, long submits) {
            var event = new ClosedEvent();
            if (event.isEnabled()) {
                event.id = id;
                event.peer = peer.toString();
                event.client = name == null ? "" : name;
                event.reason = reason;
                event.submits = submits;
                event.commit();
            }
        }

        static @Nullable Commit beginCommit() {
            var event = new CommitEvent();
            if (!event.isEnabled()) {
                return null;
            }
            event.begin();
            return event;
        }
    }

    /** An instant. */
    @Name("heddle.ConnectionOpened")
    @Label("Connection Opened")
    @Category({"Heddle", "Gateway"})
    @Description("The server accepted a connection")
    @Enabled(false)
    @StackTrace(false)
    static final class OpenedEvent extends Event {

        @Label("Connection")
        long id;

        @Label("Peer")
        String peer = "";
    }

    /** An instant. */
    @Name("heddle.ConnectionClosed")
    @Label("Connection Closed")
    @Category({"Heddle", "Gateway"})
    @Description("A connection of the server has come to its end")
    @Enabled(false)
    @StackTrace(false)
    static final class ClosedEvent extends Event {

        @Label("Connection")
        long id;

        @Label("Peer")
        String peer = "";

        @Label("Client")
        @Description("The name it gave; empty if it gave none")
        String client = "";

        @Label("Reason")
        String reason = "";

        @Label("Submits")
        long submits;
    }

    /** From before the write until after the sync. */
    @Name("heddle.Commit")
    @Label("Commit")
    @Category({"Heddle", "Gateway"})
    @Description("The store wrote a group of messages, and synced it where it does so before acks")
    @Enabled(false)
    @StackTrace(false)
    static final class CommitEvent extends Event implements Commit {

        @Label("Messages")
        int messages;

        @Label("Result")
        String result = "";

        @Override
        public void end(int count, int how) {
            end();
            if (shouldCommit()) {
                messages = count;
                result = Result.text(how);
                commit();
            }
        }
    }
}
