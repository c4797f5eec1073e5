package heddle.net.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.trace.Counter;
import heddle.net.ConnPair;
import heddle.net.Parked;
import heddle.net.Way;
import heddle.net.fuzz.Noise.Ending;
import heddle.testing.Await;
import heddle.testing.Counted;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One connection with readers, writers and noise at both ends. Its seed decides who there is and what each of them
 * does, in which order; when, beside each other, the machine decides.
 */
final class StreamCase implements FuzzTest.Case {

    private static final int TOTAL_BYTES_MAX = 150_000;

    private final Random random;
    private final List<Task<Void>> tasks = new ArrayList<>();
    private String network = "not connected";
    private Ending leftEnding = Ending.GRACEFUL;
    private Ending rightEnding = Ending.GRACEFUL;

    StreamCase(long seed) {
        random = new Random(seed);
    }

    @Override
    public void run() throws Exception {
        long before = Counted.value(Counter.DESCRIPTORS);
        try (ConnPair pair = connect()) {
            End left = new End(pair.left());
            End right = new End(pair.right());
            left.peer(right);
            right.peer(left);
            Flow toRight = flow(0);
            Flow toLeft = flow(10);
            leftEnding = ending(left, Ending.GRACEFUL);
            rightEnding = ending(right, leftEnding);
            start(left, toRight, toLeft, leftEnding);
            start(right, toLeft, toRight, rightEnding);
            try {
                Await.until(Runtimes.current()::dump, () -> tasks.stream().allMatch(Task::isDone) || hasFailed());
            } finally {
                left.close();
                right.close();
            }
            for (Task<Void> task : tasks) {
                task.result();
            }
            boolean complete = !leftEnding.isAbrupt() && !rightEnding.isAbrupt();
            // The end of a pipe that closes first does not, nor does one that closes meanwhile.
            assertThat((left.sawEnd() && right.sawEnd()) || !complete || left.isPipe())
                    .as("both see the end")
                    .isTrue();
            // What a pipe's writer got rid of, a reader has.
            toRight.check(complete || left.isPipe());
            toLeft.check(complete || left.isPipe());
            for (End end : List.of(left, right)) {
                end.checkClosed();
                assertThat(!end.isPipe() && (Parked.hasReader(end.conn) || Parked.hasWriter(end.conn)))
                        .as("somebody is parked in " + end.conn)
                        .isFalse();
            }
        }
        assertThat(Counted.value(Counter.DESCRIPTORS)).as("descriptors").isEqualTo(before);
    }

    private ConnPair connect() throws Exception {
        network = switch (random.nextInt(8)) {
            case 0, 1 -> "unix";
            case 2 -> "pipe";
            // The JDK's channels have no packets.
            case 3 -> Runtimes.current().way() == Way.NIO ? "pipe" : "unixpacket";
            default -> "tcp";
        };
        return network.equals("tcp") && random.nextInt(4) > 0
                ? ConnPair.tcpWithBuffers(20_000 + random.nextInt(40_000))
                : ConnPair.of(network);
    }

    @Override
    public String toString() {
        return network + ", left " + leftEnding + ", right " + rightEnding;
    }

    private boolean hasFailed() {
        for (Task<Void> task : tasks) {
            if (task.isDone()) {
                try {
                    task.result();
                } catch (Exception | AssertionError failed) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Several writers, or several readers, or one each; of packets several of both. */
    private Flow flow(int firstStream) {
        int several = 1 + random.nextInt(3);
        if (network.equals("unixpacket")) {
            return new PacketFlow(firstStream, several, 1 + random.nextInt(3));
        }
        int bytesMax = 1 + random.nextInt(TOTAL_BYTES_MAX);
        return random.nextBoolean()
                ? new StreamFlow(firstStream, several, 1, bytesMax)
                : new StreamFlow(firstStream, 1, several, bytesMax);
    }

    /** At most one end does what is not graceful. */
    private Ending ending(End end, Ending others) {
        Ending[] all = Ending.values();
        Ending some = all[random.nextInt(all.length)];
        return others != Ending.GRACEFUL || random.nextInt(3) > 0 || (end.isPipe() && !some.isOfPipes())
                ? Ending.GRACEFUL
                : some;
    }

    private void start(End end, Flow out, Flow in, Ending ending) {
        int total = random.nextInt(4) == 0 ? random.nextInt(100) : random.nextInt(TOTAL_BYTES_MAX);
        List<Worker> workers = new ArrayList<>();
        List<Task.Action> bodies = new ArrayList<>();
        end.writersLeft.set(out.writers());
        for (int i = 0; i < out.writers(); i++) {
            int writer = i;
            Worker worker = new Worker(end, new Random(random.nextLong()));
            workers.add(worker);
            bodies.add(() -> worker.write(out, writer, total));
        }
        for (int i = 0; i < in.readers(); i++) {
            int reader = i;
            Worker worker = new Worker(end, new Random(random.nextLong()));
            workers.add(worker);
            bodies.add(() -> worker.read(in, reader));
        }
        int steps = random.nextInt(4) == 0 ? 0 : random.nextInt(60);
        Noise noise = new Noise(end, workers, ending, new Random(random.nextLong()), steps);
        bodies.add(noise::make);
        for (Task.Action body : bodies) {
            tasks.add(Task.on(threads(random), () -> {
                body.run();
                return null;
            }));
        }
    }

    /** Mostly ours. */
    static Thread.Builder threads(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> Thread.ofVirtual();
            case 1 -> Thread.ofPlatform();
            default -> Runtimes.current().ofVirtual();
        };
    }
}
