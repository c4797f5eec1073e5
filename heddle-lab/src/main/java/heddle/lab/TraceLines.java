package heddle.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;

/**
 * A trace as lines between processes, fields separated by tabs:
 *
 *   call    side name begin end parked n text error timeout    times in nanoseconds, timeout true or false
 *   fact    name value
 *   sample  flow nanos unacknowledged unread
 *   begin                                                      zero of its clock
 *   conn    from-port to-port                                  for the reader to watch: another process's connection
 *   failed  why                                                the play broke off
 *
 * No field has tabs or ends of lines.
 */
final class TraceLines {

    private TraceLines() {}

    static void write(Player.Played played, PrintWriter out) {
        Trace trace = played.trace();
        for (Call call : trace.calls()) {
            line(
                    out,
                    "call",
                    call.side(),
                    call.name(),
                    call.beginNanos(),
                    call.endNanos(),
                    call.parkedNanos(),
                    call.n(),
                    call.text(),
                    call.error(),
                    call.timeout());
        }
        for (Map.Entry<String, Long> fact : trace.facts().entrySet()) {
            line(out, "fact", fact.getKey(), fact.getValue());
        }
        for (Trace.Sample sample : trace.samples()) {
            line(out, "sample", sample.flow(), sample.nanos(), sample.unacknowledged(), sample.unread());
        }
        if (!played.failure().isEmpty()) {
            line(out, "failed", played.failure().replaceAll("\\s+", " "));
        }
    }

    private static void line(PrintWriter out, Object... fields) {
        StringBuilder line = new StringBuilder();
        for (Object field : fields) {
            line.append(line.isEmpty() ? "" : "\t").append(field);
        }
        out.println(line);
    }

    /** Hears of a connection of the process that is read from. */
    interface Watcher {
        void begins();

        void watch(KernelQueues.Flow flow);

        Watcher NONE = new Watcher() {
            @Override
            public void begins() {}

            @Override
            public void watch(KernelQueues.Flow flow) {}
        };
    }

    /** Reads to the end of {@code in}, telling {@code progress} and {@code watcher} as it goes on. */
    static Player.Played read(BufferedReader in, Progress progress, Trace trace, Watcher watcher) throws IOException {
        String failure = "";
        for (String line; (line = in.readLine()) != null; ) {
            String[] field = line.split("\t", -1);
            try {
                switch (field[0]) {
                    case "call" -> {
                        Call call = call(field);
                        trace.add(call);
                        progress.ended(call);
                    }
                    case "fact" -> trace.fact(field[1], Long.parseLong(field[2]));
                    case "sample" ->
                        trace.add(new Trace.Sample(
                                field[1],
                                Long.parseLong(field[2]),
                                Long.parseLong(field[3]),
                                Long.parseLong(field[4])));
                    case "conn" -> {
                        int from = Integer.parseInt(field[1]);
                        int to = Integer.parseInt(field[2]);
                        watcher.watch(new KernelQueues.Flow(Stage.TO_SERVER, from, to));
                        watcher.watch(new KernelQueues.Flow(Stage.TO_CLIENT, to, from));
                    }
                    case "begin" -> watcher.begins();
                    case "failed" -> failure = field[1];
                    default -> throw new IOException("not a line of a trace: " + line);
                }
            } catch (ArrayIndexOutOfBoundsException | NumberFormatException garbled) {
                throw new IOException("not a line of a trace: " + line, garbled);
            }
        }
        return new Player.Played(trace, failure);
    }

    private static Call call(String[] field) {
        return new Call(
                field[1],
                field[2],
                Long.parseLong(field[3]),
                Long.parseLong(field[4]),
                Long.parseLong(field[5]),
                Long.parseLong(field[6]),
                field[7],
                field[8],
                Boolean.parseBoolean(field[9]));
    }
}
