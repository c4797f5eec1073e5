package heddle.bench.run;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Which processors the server and the load run on. Where there are too few, they share. */
record Placement(List<Integer> server, List<Integer> load) {

    static Placement of(List<Integer> available, int serverProcessors) {
        int taken = Math.min(serverProcessors, available.size());
        if (taken < available.size()) {
            return new Placement(available.subList(0, taken), available.subList(taken, taken + 1));
        }
        return new Placement(available, available);
    }

    boolean shared() {
        return server.stream().anyMatch(load::contains);
    }

    /** What taskset(1) takes. */
    static String list(Collection<Integer> processors) {
        return processors.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    /**
     * How much of these processors neither the server nor the load used, in processors; the hypervisor's part is in it.
     * It may be a little below zero: the files count in hundredths of a second.
     */
    double others(
            Map<Integer, Proc.Processor> before,
            Map<Integer, Proc.Processor> after,
            long betweenNanos,
            double oursInProcessors) {
        double used = 0;
        TreeSet<Integer> all = new TreeSet<>(server);
        all.addAll(load);
        for (int processor : all) {
            Proc.Processor then = before.getOrDefault(processor, new Proc.Processor(0, 0));
            Proc.Processor now = after.getOrDefault(processor, then);
            used += now.busyNanos() - then.busyNanos() + now.stolenNanos() - then.stolenNanos();
        }
        return used / betweenNanos - oursInProcessors;
    }
}
