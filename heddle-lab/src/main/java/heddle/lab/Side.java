package heddle.lab;

import heddle.net.Dialer;
import heddle.net.ListenConfig;
import heddle.net.Listener;
import heddle.net.TcpConn;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** One who listens, accepts and dials, by name. What it opens is closed with the stage. Any thread. */
final class Side {

    private final Stage stage;
    final String name;

    Side(Stage stage, String name) {
        this.stage = stage;
        this.name = name;
    }

    /** The result of a call that the rest of the play cannot do without. */
    private static <T> T need(AtomicReference<@Nullable T> result, Call call) throws IOException {
        T value = result.get();
        if (value == null) {
            throw new IOException(call.error());
        }
        return value;
    }

    Listener listen(String address) throws IOException {
        return listen(new ListenConfig(), "listen tcp " + address, address);
    }

    Listener listen(ListenConfig how, String call, String address) throws IOException {
        var made = new AtomicReference<@Nullable Listener>();
        return need(made, listen(how, call, address, made));
    }

    /** One that may fail. */
    Call tryListen(String address) {
        return listen(new ListenConfig(), "listen tcp " + address, address, new AtomicReference<@Nullable Listener>());
    }

    private Call listen(ListenConfig how, String call, String address, AtomicReference<@Nullable Listener> made) {
        return stage.call(name, call, () -> {
            Listener listener = stage.keep(how.listen("tcp", address));
            made.set(listener);
            return new Stage.Done(Call.NOTHING, listener.address().toString());
        });
    }

    TcpConn accept(Listener listener) throws IOException {
        var made = new AtomicReference<@Nullable TcpConn>();
        return need(made, accept(listener, made));
    }

    /** One that may fail. */
    Call tryAccept(Listener listener) {
        return accept(listener, new AtomicReference<@Nullable TcpConn>());
    }

    private Call accept(Listener listener, AtomicReference<@Nullable TcpConn> made) {
        return stage.call(name, "accept", () -> {
            TcpConn conn = stage.keep((TcpConn) listener.accept());
            made.set(conn);
            return new Stage.Done(Call.NOTHING, "from " + conn.remoteAddress());
        });
    }

    /** Dials; the first connections of a play are those whose queues are watched. */
    TcpConn dial(String address) throws IOException {
        return dial(new Dialer(), address);
    }

    TcpConn dial(Dialer how, String address) throws IOException {
        var made = new AtomicReference<@Nullable TcpConn>();
        TcpConn conn = need(made, dial(how, "dial tcp " + address, address, made));
        stage.watch(conn);
        return conn;
    }

    /** One that may fail. */
    Call tryDial(Dialer how, String call, String address) {
        return dial(how, call, address, new AtomicReference<@Nullable TcpConn>());
    }

    private Call dial(Dialer how, String call, String address, AtomicReference<@Nullable TcpConn> made) {
        return stage.call(name, call, () -> {
            TcpConn conn = stage.keep((TcpConn) how.dial("tcp", address));
            made.set(conn);
            return new Stage.Done(Call.NOTHING, "from " + conn.localAddress());
        });
    }

    /** Something long that is written down as one call; {@code n} is what it counts. */
    Call act(String what, Counting body) {
        return stage.call(name, what, () -> new Stage.Done(body.run(), ""));
    }

    @FunctionalInterface
    interface Counting {
        long run() throws IOException;
    }

    Call close(Listener listener) {
        return stage.call(name, "close", () -> {
            listener.close();
            return Stage.Done.QUIETLY;
        });
    }
}
