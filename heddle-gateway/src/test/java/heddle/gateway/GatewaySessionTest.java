package heddle.gateway;

import static heddle.gateway.RawClient.frame;
import static heddle.gateway.RawClient.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.frame.FrameLimits;
import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.Deadline;
import heddle.net.Heddle;
import heddle.net.Net;
import heddle.net.Pipe;
import heddle.net.Way;
import heddle.testing.Await;
import heddle.testing.Task;
import heddle.time.ManualClock;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The transitions that {@link GatewaySession} draws, in each order in which its threads can meet: the connection's, the
 * sink's, the writing one, and the server's that drains and closes. Over a pipe in memory, without a server: a write
 * there is over when it is read.
 */
@Timeout(60)
class GatewaySessionTest {

    private static final byte[] MESSAGE = utf8("m");

    private final Counters counters = new Counters();
    private final ManualSink sink = new ManualSink();
    private final Pipe pipe = Net.pipe();
    private final Client client = new Client(pipe.right());

    @AfterEach
    void end() throws IOException {
        sink.end();
        pipe.close();
    }

    private Admission session(Conn conn, Sink to, GatewayOptions options) {
        var limits = new FrameLimits(Packets.FRAME_BYTES_MIN, 1 << 20);
        var reception = new Reception(options.access, counters, conn.runtime().clock());
        var guest = new Guest(1, reception, conn);
        assertThat(guest.arrive()).isTrue();
        return new Admission(conn, guest, null, limits, to, options, counters);
    }

    private Admission session(GatewayOptions options) {
        return session(pipe.left(), sink, options);
    }

    /** Runs it as the server does. */
    private Task<Void> start(Admission session) {
        return Task.run(() -> {
            try (var _ = pipe.left()) {
                session.run();
            }
        });
    }

    private void awaitSubmits(int count) throws Exception {
        Await.until("submits are read", () -> counters.value(Counter.SUBMITS) >= count);
    }

    /** The session is over, and has said so. */
    private void expectEnd(Task<Void> run) throws Exception {
        run.result();
        assertThat(counters.value(Counter.CONNECTIONS)).isOne();
        assertThat(counters.value(Counter.CONNECTIONS_CLOSED)).isOne();
    }

    // ---- Drained

    @Test
    void drainedBeforeItRunsItWaitsForTheClientsCloseAlone() throws Exception {
        var session = session(new GatewayOptions());
        session.drain();
        var run = start(session);
        client.expectEndOfStream();
        Parked.await(run, "linger", "read");
        client.close();
        expectEnd(run);
    }

    @Test
    void drainedBeforeTheIntroductionItReadsNoMore() throws Exception {
        var session = session(new GatewayOptions());
        var run = start(session);
        Parked.await(run, "readRequests", "read");
        session.drain();
        client.expectEndOfStream();
        client.send(frame(1, 0, utf8("late")));
        client.close();
        expectEnd(run);
        assertThat(counters.value(Counter.INTRODUCED)).isZero();
        assertThat(counters.value(Counter.TIMEOUT_HANDSHAKE)).isZero();
    }

    @Test
    void drainedWhileTooManyAreInFlightItAnswersAllThatHadBeenRead() throws Exception {
        var session = session(new GatewayOptions().inFlightMax(1));
        var run = start(session);
        client.introduce();
        client.send(RawClient.submits(3, MESSAGE));
        Parked.await(run, "begin", "acquire");
        session.drain();
        sink.settle(3, Result.SUCCESS);
        for (int id = 1; id <= 3; id++) {
            client.expectAck(0x82, id, Result.SUCCESS);
        }
        client.expectEndOfStream();
        client.send(frame(2, 4, MESSAGE)); // read without looking
        client.close();
        expectEnd(run);
        assertThat(counters.value(Counter.SUBMITS)).isEqualTo(3);
    }

    @Test
    void drainedWhileTheSinkIsFullItAnswersAllThatHadBeenRead() throws Exception {
        var narrow = new ManualSink(1, 1 << 20, Long.MAX_VALUE);
        var session = session(pipe.left(), narrow, new GatewayOptions());
        var run = start(session);
        client.introduce();
        client.send(RawClient.submits(3, MESSAGE));
        Parked.await(run, "await", "awaitNanos");
        session.drain();
        narrow.settle(3, Result.SUCCESS);
        for (int id = 1; id <= 3; id++) {
            client.expectAck(0x82, id, Result.SUCCESS);
        }
        client.expectEndOfStream();
        client.close();
        expectEnd(run);
    }

    @Test
    void drainedWhileTheSinkIsClosedItAnswersNotStored() throws Exception {
        var session = session(new GatewayOptions().inFlightMax(1));
        var run = start(session);
        client.introduce();
        client.send(RawClient.submits(3, MESSAGE));
        Parked.await(run, "begin", "acquire");
        session.drain();
        sink.end();
        sink.settle(1, Result.SUCCESS);
        client.expectAck(0x82, 1, Result.SUCCESS);
        client.expectAck(0x82, 2, Result.NOT_STORED);
        client.expectAck(0x82, 3, Result.NOT_STORED);
        client.expectEndOfStream();
        client.close();
        expectEnd(run);
    }

    @Test
    void drainedAfterTheClientsHalfCloseItWaitsForTheSinkAndNotForTheClient() throws Exception {
        var session = session(new GatewayOptions());
        var run = start(session);
        client.introduce();
        client.send(RawClient.submits(1, MESSAGE));
        client.halfClose();
        Parked.await(run, "finish", "parkUntil");
        session.drain();
        sink.settle(1, Result.SUCCESS);
        client.expectAck(0x82, 1, Result.SUCCESS);
        client.expectEndOfStream();
        expectEnd(run);
    }

    @Test
    void drainedItWaitsForTheSinkAsLongAsTheRuntimesClockSays() throws Exception {
        var clock = new ManualClock();
        try (Heddle heddle = Heddle.builder().way(Way.NIO).clock(clock).start();
                Pipe timed = heddle.pipe()) {
            var itsClient = new Client(timed.right());
            var options = new GatewayOptions().drainTimeout(Duration.ofHours(1));
            var session = session(timed.left(), sink, options);
            var run = Task.run(session::run);
            itsClient.introduce();
            itsClient.send(RawClient.submits(1, MESSAGE));
            awaitSubmits(1);
            session.drain();
            Parked.await(run, "finish", "parkUntil");
            clock.advance(Duration.ofHours(1));
            expectEnd(run);
            sink.settle(1, Result.SUCCESS);
        }
    }

    /** The client may lose acks then anyway, so there is nothing to linger for. */
    @Test
    void drainedWithoutTimeForTheSinkItWaitsForNobody() throws Exception {
        var session = session(new GatewayOptions().drainTimeout(Duration.ZERO));
        var run = start(session);
        client.introduce();
        client.send(RawClient.submits(1, MESSAGE));
        awaitSubmits(1);
        session.drain();
        expectEnd(run);
        client.expectEndOfStream();
        sink.settle(1, Result.SUCCESS);
    }

    /** The submits, the sink and the drain go on freely; each submit that was read is stored and answered. */
    @Test
    void drainedAtAnyMomentItAnswersAllThatHadBeenRead() throws Exception {
        long seed = System.nanoTime();
        int before = new Random(seed).nextInt(200);
        var settling = Task.run(sink::settleUntilClosed);
        var session = session(new GatewayOptions().inFlightMax(8));
        var run = start(session);
        client.introduce();
        var sending = Task.run(() -> {
            try {
                for (int id = 1; ; id++) {
                    client.send(frame(2, id, MESSAGE));
                }
            } catch (IOException closed) {
                // The test has closed it.
            }
        });
        var draining = Task.run(() -> {
            awaitSubmits(before);
            session.drain();
        });
        int answered = 0;
        try {
            while (true) {
                answered++;
                client.expectAck(0x82, answered, Result.SUCCESS);
            }
        } catch (EOFException end) {
            answered--;
        }
        draining.result();
        client.close();
        sending.result();
        expectEnd(run);
        sink.end();
        settling.result();
        assertThat(answered).as("seed %d", seed).isGreaterThanOrEqualTo(before);
        assertThat(counters.value(Counter.SUBMITS)).as("seed %d", seed).isEqualTo(answered);
        assertThat(counters.value(Counter.ACKS)).as("seed %d", seed).isEqualTo(answered);
        assertThat(sink.stored).as("seed %d", seed).hasSize(answered);
    }

    // ---- Lingering

    @Test
    void aDrainDoesNotCutLingeringShort() throws Exception {
        var calls = new Calls(pipe.left());
        var session = session(calls.conn, sink, new GatewayOptions());
        var run = start(session);
        client.introduce();
        client.send(frame(0x55, 7, MESSAGE));
        client.expectAck(0x82, 7, Result.MALFORMED);
        client.expectEndOfStream();
        Parked.await(run, "linger", "read");
        session.drain();
        client.close();
        expectEnd(run);
        assertThat(calls.afterHalfClose()).containsExactly("read deadline to come");
    }

    @Test
    void drainedBeforeItLingersItLeavesTheBoundToTheServer() throws Exception {
        var calls = new Calls(pipe.left());
        var session = session(calls.conn, sink, new GatewayOptions().inFlightMax(1));
        var run = start(session);
        client.introduce();
        client.send(RawClient.submits(2, MESSAGE), frame(0x55, 7, MESSAGE));
        Parked.await(run, "begin", "acquire");
        session.drain();
        sink.settle(2, Result.SUCCESS);
        client.expectAcks(3);
        client.expectEndOfStream();
        client.close();
        expectEnd(run);
        assertThat(calls.afterHalfClose()).containsExactly("no read deadline");
        assertThat(counters.value(Counter.ERROR_UNKNOWN_COMMAND)).isOne();
    }

    /** Whichever comes first, the lingering's deadline is in force in the end. */
    @Test
    void aDrainThatMeetsTheBeginOfLingeringDoesNotCutItShort() throws Exception {
        var calls = new Calls(pipe.left());
        var session = session(calls.conn, sink, new GatewayOptions());
        var run = start(session);
        client.introduce();
        var draining = Task.run(session::drain);
        try {
            client.send(frame(0x55, 7, MESSAGE));
            client.expectAcks(1);
        } catch (EOFException drainedFirst) {
            // Not read.
        }
        client.expectEndOfStream();
        draining.result();
        client.close();
        expectEnd(run);
        assertThat(calls.afterHalfClose().getLast()).isIn("read deadline to come", "no read deadline");
    }

    @Test
    void whatIsClosedByTheServerWhileItLingersIsOver() throws Exception {
        var session = session(new GatewayOptions());
        var run = start(session);
        client.introduce();
        session.drain();
        Parked.await(run, "linger", "read");
        pipe.left().close();
        expectEnd(run);
    }

    // ---- Who answers, and whom

    @Test
    void aClientThatHalfClosesIsAnsweredAndNotWaitedFor() throws Exception {
        var run = start(session(new GatewayOptions()));
        client.introduce();
        client.send(RawClient.submits(2, MESSAGE));
        client.halfClose();
        Parked.await(run, "finish", "parkUntil");
        sink.settle(2, Result.SUCCESS);
        client.expectAck(0x82, 1, Result.SUCCESS);
        client.expectAck(0x82, 2, Result.SUCCESS);
        client.expectEndOfStream();
        expectEnd(run);
    }

    @Test
    void whatTheSinkDoesNotTakeIsAnsweredAtOnceAndTheSessionGoesOn() throws Exception {
        var run = start(session(new GatewayOptions().inFlightMax(1)));
        client.introduce();
        for (int result : new int[] {Result.OVERLOADED, Result.TOO_LARGE, Result.NOT_STORED}) {
            sink.answerOffers(result);
            client.send(RawClient.submits(1, MESSAGE));
            client.expectAck(0x82, 1, result);
        }
        sink.answerOffers(Result.SUCCESS);
        client.send(RawClient.submits(1, MESSAGE));
        sink.settle(1, Result.SUCCESS);
        client.expectAck(0x82, 1, Result.SUCCESS);
        client.halfClose();
        expectEnd(run);
    }

    /** The sink answers on its thread, and for every other message at once, on the connection's. */
    @Test
    void whatTwoThreadsAnswerIsThereOnceEach() throws Exception {
        var settling = Task.run(sink::settleUntilClosed);
        var half = new Sink() {
            @Override
            public int offer(Receipt receipt, long id, byte[] buffer, int offset, int length)
                    throws InterruptedException {
                return id % 2 == 1 ? Result.OVERLOADED : sink.offer(receipt, id, buffer, offset, length);
            }

            @Override
            public int resume(Sequence sequence, long id) {
                return sink.resume(sequence, id);
            }

            @Override
            public int offerOnce(Sequence sequence, long number, byte[] buffer, int offset, int length) {
                return sink.offerOnce(sequence, number, buffer, offset, length);
            }

            @Override
            public void end(Sequence sequence) {
                sink.end(sequence);
            }

            @Override
            public void close() {}
        };
        var run = start(session(pipe.left(), half, new GatewayOptions().inFlightMax(8)));
        client.introduce();
        int count = 1000;
        var sending = Task.run(() -> {
            client.send(RawClient.submits(count, MESSAGE));
            client.halfClose();
        });
        Map<Integer, Integer> results = new HashMap<>();
        for (int i = 0; i < count; i++) {
            var ack = client.ack();
            assertThat(results.put(ack.id(), ack.result())).isNull();
        }
        client.expectEndOfStream();
        sending.result();
        expectEnd(run);
        sink.end();
        settling.result();
        results.forEach((id, result) -> assertThat(result).isEqualTo(id % 2 == 1 ? Result.OVERLOADED : Result.SUCCESS));
        assertThat(results).hasSize(count);
        assertThat(counters.value(Counter.ACKS)).isEqualTo(count / 2);
        assertThat(counters.value(Counter.ACKS_OVERLOADED)).isEqualTo(count / 2);
    }

    // ---- The sink answers, and the connection is gone

    /** With no time to drain it does not wait for the sink. */
    @Test
    void whatIsSettledAfterTheEndIsCountedAndNotAnswered() throws Exception {
        var run = start(session(new GatewayOptions().drainTimeout(Duration.ZERO)));
        client.introduce();
        client.send(RawClient.submits(2, MESSAGE));
        client.halfClose();
        client.expectEndOfStream();
        expectEnd(run);
        sink.settle(1, Result.SUCCESS);
        sink.settle(1, Result.NOT_STORED);
        assertThat(counters.value(Counter.ACKS)).isOne();
        assertThat(counters.value(Counter.ACKS_NOT_STORED)).isOne();
        assertThat(counters.value(Counter.TIMEOUT_WRITE)).isZero();
        try (var other = Net.pipe()) {
            var next = session(other.left(), sink, new GatewayOptions());
            var nextRun = Task.run(next::run);
            var nextClient = new Client(other.right());
            nextClient.introduce();
            nextClient.send(RawClient.submits(1, MESSAGE));
            sink.settle(1, Result.SUCCESS);
            nextClient.expectAck(0x82, 1, Result.SUCCESS);
            nextClient.halfClose();
            nextRun.result();
        }
    }

    @Test
    void whatIsSettledAfterTheServerClosedTheConnectionIsCountedAndNotAnswered() throws Exception {
        var run = start(session(new GatewayOptions()));
        client.introduce();
        client.send(RawClient.submits(2, MESSAGE));
        awaitSubmits(2);
        Parked.await(run, "readRequests", "read");
        pipe.left().close();
        run.failure(ConnClosedException.class);
        sink.settle(2, Result.SUCCESS);
        assertThat(counters.value(Counter.ACKS)).isEqualTo(2);
        client.expectEndOfStream();
        assertThat(counters.value(Counter.CONNECTIONS_CLOSED)).isOne();
    }

    /** The reader hears of it by its connection's close. */
    @Test
    void anAckThatCannotBeWrittenEndsTheReading() throws Exception {
        var run = start(session(new GatewayOptions()));
        client.introduce();
        client.send(RawClient.submits(2, MESSAGE));
        awaitSubmits(2);
        Parked.await(run, "readRequests", "read");
        client.readNoMore();
        sink.settle(1, Result.SUCCESS);
        run.failure(ConnClosedException.class);
        sink.settle(1, Result.SUCCESS);
        assertThat(counters.value(Counter.ACKS)).isEqualTo(2);
        assertThat(counters.value(Counter.CONNECTIONS_CLOSED)).isOne();
    }

    @Test
    void anAckThatCannotBeWrittenLeavesNothingToLingerFor() throws Exception {
        var session = session(new GatewayOptions());
        var run = start(session);
        client.introduce();
        client.send(RawClient.submits(2, MESSAGE));
        awaitSubmits(2);
        Parked.await(run, "readRequests", "read");
        client.readNoMore();
        session.drain();
        Parked.await(run, "finish", "parkUntil");
        sink.settle(2, Result.SUCCESS);
        expectEnd(run);
    }

    @Test
    void anAckThatCannotBeWrittenWhileTheSinkIsFullEndsTheReadingWhenThereIsRoom() throws Exception {
        var narrow = new ManualSink(4, 1 << 20, Long.MAX_VALUE);
        var run = start(session(pipe.left(), narrow, new GatewayOptions()));
        client.introduce();
        client.send(RawClient.submits(3, MESSAGE));
        Parked.await(run, "await", "awaitNanos");
        client.readNoMore();
        narrow.settle(3, Result.SUCCESS);
        run.failure(ConnClosedException.class);
        assertThat(counters.value(Counter.ACKS)).isEqualTo(3);
    }

    /** The other end of the pipe. */
    private static final class Client {
        private final Conn conn;
        private final DataInputStream in;

        Client(Conn conn) {
            this.conn = conn;
            this.in = new DataInputStream(conn.inputStream());
        }

        /** Sends them in one call, which one read takes if it has the room. */
        void send(byte[]... frames) throws IOException {
            var all = new ByteArrayOutputStream();
            for (byte[] frame : frames) {
                all.writeBytes(frame);
            }
            conn.write(all.toByteArray());
        }

        void introduce() throws IOException {
            send(frame(1, 0, utf8("test")));
            expectAck(0x81, 0, Result.SUCCESS);
        }

        RawClient.Ack ack() throws IOException {
            assertThat(in.readInt()).isEqualTo(14);
            int command = in.readUnsignedByte();
            int id = Integer.parseInt(new String(in.readNBytes(8), StandardCharsets.US_ASCII));
            return new RawClient.Ack(command, id, in.readUnsignedByte());
        }

        void expectAck(int command, int id, int result) throws IOException {
            assertThat(ack()).isEqualTo(new RawClient.Ack(command, id, result));
        }

        void expectAcks(int count) throws IOException {
            for (int i = 0; i < count; i++) {
                ack();
            }
        }

        void expectEndOfStream() throws IOException {
            assertThat(in.read()).isEqualTo(-1);
        }

        void halfClose() throws IOException {
            conn.closeWrite();
        }

        /** From now on writes to this end fail. */
        void readNoMore() throws IOException {
            conn.closeRead();
        }

        void close() throws IOException {
            conn.close();
        }
    }

    /** What a session asks of its connection, of the calls that matter at its end. */
    private static final class Calls {
        final Conn conn;
        private final List<String> calls = new ArrayList<>();

        Calls(Conn target) {
            conn = (Conn) Proxy.newProxyInstance(
                    Conn.class.getClassLoader(), new Class<?>[] {Conn.class}, (_, method, args) -> {
                        add(method.getName(), args);
                        try {
                            return method.invoke(target, args);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }

        private synchronized void add(String method, Object[] args) {
            if (method.equals("closeWrite")) {
                calls.clear();
            } else if (method.equals("setReadDeadline")) {
                var deadline = (Deadline) args[0];
                calls.add(
                        deadline.equals(Deadline.NONE)
                                ? "no read deadline"
                                : deadline.hasPassed() ? "read deadline in the past" : "read deadline to come");
            }
        }

        /** The read deadlines that were set since the half-close. */
        synchronized List<String> afterHalfClose() {
            return List.copyOf(calls);
        }
    }
}
