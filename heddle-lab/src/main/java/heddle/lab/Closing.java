package heddle.lab;

import heddle.net.Listener;
import java.util.List;

/** E: closing. */
final class Closing {

    private static final int CHUNK = 65_536;

    static final List<Situation> ALL = List.of(
            Situation.of(
                            "E1",
                            "the peer closed, and unread data is left",
                            "Reads return the rest, then the end of the stream, and the end of the stream again.",
                            """
                                    close sends what is in the send buffer and then a FIN: the end of the stream is a mark behind the last byte, not \
                                    an event that overtakes it. recv(2) gives the bytes first, then 0 for the end, as often as it is asked.
                                    """)
                    .played(Closing::dataLeft, Closing::judgeDataLeft),
            Situation.of(
                            "E2",
                            "the peer closed, and nothing is left",
                            "read returns the end of the stream at once.",
                            """
                                    The FIN has arrived and there is nothing in front of it. It says that the peer sends no more; whether it still reads, \
                                    nobody can know: a close and a half-close look alike from here.
                                    """)
                    .played(Closing::nothingLeft, Closing::judgeNothingLeft),
            Situation.of(
                            "E3",
                            "write after the peer closed",
                            "The first write may succeed: it only reached our kernel. A"
                                    + " later one fails with broken pipe or connection reset by"
                                    + " peer.",
                            """
                                    A FIN does not forbid writing, so the kernel takes and sends the bytes. The peer's kernel, where no socket is left to \
                                    take them, answers with a reset, and from then on send(2) fails: ECONNRESET if the reset was just seen, \
                                    EPIPE after that. No success of a write tells that the peer got anything.
                                    """)
                    .played(Closing::writeAfterClose, Closing::judgeWriteAfterClose),
            Situation.of(
                            "E4",
                            "close our own end while threads wait in it",
                            "Each of them fails with use of closed network connection, and"
                                    + " the port is free when close returns.",
                            """
                                    In C, closing a descriptor that another thread waits on is a trap: the thread may wait for ever, or wake up with a number that \
                                    already means something else. Heddle's close first wakes all who wait in the descriptor, each of them leaves, \
                                    and only then the number is closed: so the port can be listened on again as soon as close has returned.
                                    """)
                    .shapedBy("net.ipv4.tcp_wmem", "net.ipv4.tcp_rmem")
                    .played(Closing::closeUnderWaiters, Closing::judgeCloseUnderWaiters),
            Situation.of(
                            "E5",
                            "half-close",
                            "After closeWrite the peer reads to the end of the stream, while we still read.",
                            """
                                    shutdown(2) with SHUT_WR sends the FIN and leaves the other direction as it is. It is how a client says that its request is \
                                    complete where no length says so, and still gets the answer.
                                    """)
                    .played(Closing::halfClose, Closing::judgeHalfClose));

    private Closing() {}

    private static void dataLeft(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        pair.client().write("last words");
        pair.client().close();
        stage.pause(20);
        for (int i = 0; i < 4; i++) {
            pair.server().read(6);
        }
    }

    private static void judgeDataLeft(Trace trace, Sights sights) {
        Call first = trace.call("server", "read", 0);
        Call second = trace.call("server", "read", 1);
        sights.see(
                "after the close, reads returned %s and %s".formatted(first.text(), second.text()),
                first.text().equals("\"last w\"")
                        && second.text().equals("\"ords\"")
                        && first.beginNanos() > trace.call("client", "close").endNanos());
        sights.see(
                "then the end of the stream, and again",
                trace.call("server", "read", 2).isEndOfStream()
                        && trace.call("server", "read", 3).isEndOfStream());
    }

    private static void nothingLeft(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        pair.client().close();
        pair.server().read(10);
    }

    private static void judgeNothingLeft(Trace trace, Sights sights) {
        Call read = trace.call("server", "read");
        sights.see("read told the end of the stream after " + Numbers.time(read.nanos()), read.isEndOfStream());
    }

    private static void writeAfterClose(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        pair.server().close();
        pair.client().read(10);
        for (int i = 0; i < 10 && !pair.client().write("hello").failed(); i++) {
            stage.pause(20); // for the peer's answer
        }
        pair.client().write("hello");
    }

    private static void judgeWriteAfterClose(Trace trace, Sights sights) {
        List<Call> writes = trace.calls("client", "write");
        sights.see(
                "we had seen the end of the stream, and a write still succeeded",
                trace.call("client", "read").isEndOfStream()
                        && writes.getFirst().n() == 5);
        Call last = writes.getLast();
        sights.see(
                "write %d failed: %s".formatted(writes.size(), last.outcome()),
                writes.size() > 1 && Writing.isReset(last));
    }

    private static void closeUnderWaiters(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        Listener listener = pair.listener();
        Stage.Actor<Call> acceptor = stage.start(() -> stage.side("acceptor").tryAccept(listener));
        acceptor.awaitParked();
        Stage.Actor<Call> reader = stage.start(() -> pair.client().as("reader").read(10));
        reader.awaitParked();
        Stage.Actor<Boolean> writer = stage.start(() -> {
            while (!pair.client().as("writer").write(new byte[CHUNK]).failed()) {}
            return true;
        });
        writer.awaitParked();
        stage.awaitQuiet();
        pair.client().close();
        reader.join();
        writer.join();
        stage.side("server").close(listener);
        stage.side("server").tryListen(listener.address().toString());
        acceptor.join();
    }

    private static void judgeCloseUnderWaiters(Trace trace, Sights sights) {
        Call close = trace.call("client", "close");
        Call read = trace.call("reader", "read");
        Call write = trace.calls("writer", "write").getLast();
        Call accept = trace.call("acceptor", "accept");
        for (Call call : List.of(read, write)) {
            sights.see(
                    "%s waited until close: %s".formatted(call.verb(), call.outcome()),
                    call.spansTheBeginningOf(close) && isClosed(call));
        }
        sights.see(
                "accept waited until its listener's close: " + accept.outcome(),
                accept.spansTheBeginningOf(trace.call("server", "close")) && isClosed(accept));
        Call again = trace.call("server", "listen", 1);
        sights.see(
                "the port was free at once: " + again.name() + (again.failed() ? ", " + again.error() : ""),
                !again.failed()
                        && again.beginNanos() >= trace.call("server", "close").endNanos());
    }

    private static boolean isClosed(Call call) {
        return call.error().endsWith("use of closed network connection");
    }

    private static void halfClose(Stage stage) throws Exception {
        Stage.Pair pair = stage.connect();
        pair.client().write("question");
        pair.client().closeWrite();
        Stage.Actor<Call> answer = stage.start(() -> pair.client().read(10));
        answer.awaitParked();
        pair.server().read(10);
        pair.server().read(10);
        pair.server().write("answer");
        answer.join();
        pair.client().write("more");
    }

    private static void judgeHalfClose(Trace trace, Sights sights) {
        Call half = trace.call("client", "closeWrite");
        sights.see(
                "the peer read %s, then the end of the stream"
                        .formatted(trace.call("server", "read", 0).text()),
                trace.call("server", "read", 0).text().equals("\"question\"")
                        && trace.call("server", "read", 1).isEndOfStream());
        Call answer = trace.call("client", "read");
        sights.see(
                "after that we read %s".formatted(answer.text()),
                answer.text().equals("\"answer\"") && answer.endNanos() > half.endNanos());
        Call more = trace.call("client", "write(4)");
        sights.see("our own writes are over: " + more.outcome(), Writing.isReset(more));
    }
}
