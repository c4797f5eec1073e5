package heddle.internal;

import heddle.internal.trace.Recorder;
import org.jspecify.annotations.Nullable;

/** An attempt to connect, for the flight recorder. By the thread that attempts. */
public final class ConnectEvent {

    private final Recorder recorder;
    private final Recorder.@Nullable Connect begun;

    ConnectEvent(Recorder recorder) {
        this.recorder = recorder;
        this.begun = recorder.beginConnect();
    }

    /** The connection stands. */
    public void done(Object conn) {
        end(conn, "");
    }

    /** There is none. */
    public void failed(Object address, String failure) {
        end(address, failure);
    }

    private void end(Object socket, String failure) {
        Recorder.Connect ended = recorder.endConnect(begun);
        if (ended != null) {
            ended.done(socket, failure);
        }
    }
}
