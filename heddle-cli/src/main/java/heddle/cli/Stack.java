package heddle.cli;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.JMRuntimeException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Looks into a running process from outside. */
@Command(
        name = "stack",
        description = {
            "Prints what every thread of a process that uses Heddle does: what it waits for, on"
                    + " which connection, for how long.",
            "The process must run as the same user. It goes on; its JVM keeps a port on loopback"
                    + " open for such questions."
        },
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            ExitCodes.OK_TEXT,
            "1:no such process, or it does not answer; stderr says why",
            ExitCodes.USAGE_TEXT
        })
final class Stack implements Callable<Integer> {
    private static final String RUNTIMES = "dev.heddle:type=Runtime,*";
    private static final String GATEWAYS = "dev.heddle:type=Gateway,*";

    /** For so long after a process's start its JVM, and Heddle in it, may still be starting. */
    static final Duration YOUNG = Duration.ofSeconds(3);

    /** The thread that registers Heddle's bean a while after the first use, and ends. */
    private static final String REGISTERING = "heddle-management";

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Parameters(paramLabel = "PID", description = "The process; jcmd lists those of Java.")
    private long pid;

    @Override
    @SuppressWarnings("BanJNDI") // No directory: the JVM of this user's process named the address.
    public Integer call() throws IOException, InterruptedException {
        ProcessHandle process = ProcessHandle.of(pid).orElseThrow(() -> new IOException("no such process: " + pid));
        String refusal = new Attachable(Path.of("/proc"), pid).refusal(isYoung(process));
        if (refusal != null) {
            throw new IOException("process " + pid + " " + refusal);
        }
        try (var jmx = JMXConnectorFactory.connect(new JMXServiceURL(address()))) {
            MBeanServerConnection beans = jmx.getMBeanServerConnection();
            Terminal.say(spec, dump(beans, process).stripTrailing());
            gateways(beans).forEach(line -> Terminal.say(spec, line));
        }
        return ExitCodes.OK;
    }

    /** Where the process answers management tools on this machine, from now on. */
    private String address() throws IOException {
        VirtualMachine jvm = attach();
        try {
            return jvm.startLocalManagementAgent();
        } catch (IOException failure) {
            throw new IOException("process " + pid + " opens no port for questions: " + failure.getMessage(), failure);
        } finally {
            jvm.detach();
        }
    }

    private VirtualMachine attach() throws IOException {
        try {
            return VirtualMachine.attach(Long.toString(pid));
        } catch (AttachNotSupportedException | IOException failure) {
            // The latter too where a killed JVM of this number left its socket.
            throw new IOException(
                    "process " + pid + " does not answer as a JVM does: " + failure.getMessage(), failure);
        }
    }

    private String dump(MBeanServerConnection beans, ProcessHandle process) throws IOException, InterruptedException {
        while (true) {
            // Before the look for the bean, which is there when that thread has ended.
            boolean mayCome = isYoung(process) || registers(beans);
            try {
                List<String> dumps = new ArrayList<>();
                for (ObjectName name : runtimes(beans)) {
                    dumps.add((String) beans.invoke(name, "dump", null, null));
                }
                if (!dumps.isEmpty()) {
                    return String.join("\n", dumps);
                }
                if (!mayCome) {
                    throw new IOException("process " + pid + " does not use Heddle, or has not begun to");
                }
                Thread.sleep(BETWEEN_LOOKS);
            } catch (InstanceNotFoundException closed) {
                // Its runtime was closed since the query: look again.
            } catch (JMException | JMRuntimeException failure) {
                throw new IOException("process " + pid + " could not make a dump: " + failure.getMessage(), failure);
            }
        }
    }

    /** The shared one, whose name has no number, first. */
    private static List<ObjectName> runtimes(MBeanServerConnection beans) throws IOException, JMException {
        return beans.queryNames(new ObjectName(RUNTIMES), null).stream()
                .sorted(Comparator.comparingInt(
                                (ObjectName name) -> name.getKeyPropertyList().size())
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
    }

    /** What the gateways of the process have counted, but for zeros. */
    private List<String> gateways(MBeanServerConnection beans) throws IOException {
        List<String> lines = new ArrayList<>();
        try {
            var names = new TreeSet<>(beans.queryNames(new ObjectName(GATEWAYS), null));
            for (ObjectName name : names) {
                lines.add("");
                lines.add("Gateway at " + ObjectName.unquote(name.getKeyProperty("address")) + ":");
                for (MBeanAttributeInfo counter : beans.getMBeanInfo(name).getAttributes()) {
                    Object value = beans.getAttribute(name, counter.getName());
                    if (!value.equals(0L)) {
                        Object unit = counter.getDescriptor().getFieldValue("units");
                        lines.add("    " + counter.getDescription() + ": " + value + " " + unit);
                    }
                }
            }
        } catch (JMException | JMRuntimeException failure) {
            throw new IOException("process " + pid + " could not tell its counters: " + failure.getMessage(), failure);
        }
        return lines;
    }

    private static boolean isYoung(ProcessHandle process) {
        return process.info()
                .startInstant()
                .filter(Instant.now().minus(YOUNG)::isBefore)
                .isPresent();
    }

    private static boolean registers(MBeanServerConnection beans) throws IOException {
        ThreadMXBean threads = ManagementFactory.newPlatformMXBeanProxy(
                beans, ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class);
        return Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
                // Null for one that has ended.
                .anyMatch(thread -> thread != null && thread.getThreadName().equals(REGISTERING));
    }
}
