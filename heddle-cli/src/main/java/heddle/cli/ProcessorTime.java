package heddle.cli;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The processor time of this process since this object was made. */
final class ProcessorTime {
    private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    private final long start = system.getProcessCpuTime();

    long nanos() {
        return system.getProcessCpuTime() - start;
    }
}
