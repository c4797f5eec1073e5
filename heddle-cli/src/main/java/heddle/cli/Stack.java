package heddle.cli;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;

import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.JMRuntimeException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

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
    private static final String BEAN = "dev.heddle:type=Runtime";

    /** A process registers its bean some time after it first used Heddle, and it may have just been started. */
    private static final Duration YOUNG = Duration.ofSeconds(10);

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);

    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    @Parameters(paramLabel = "PID", description = "The process; jcmd lists those of Java.")
    private long pid;

    @Override
    @SuppressWarnings("BanJNDI") // No directory: the JVM of this user's process named the address.
    public Integer call() throws IOException, InterruptedException {
        ProcessHandle process =
                ProcessHandle.of(pid).orElseThrow(() -> new IOException("no such process: " + pid));
        try (var jmx = JMXConnectorFactory.connect(new JMXServiceURL(address(process)))) {
            Terminal.say(spec, dump(jmx.getMBeanServerConnection(), process).stripTrailing());
        }
        return ExitCodes.OK;
    }

    /** Where the process answers management tools on this machine, from now on. */
    private String address(ProcessHandle process) throws IOException {
        VirtualMachine jvm = attach(process);
        try {
            return jvm.startLocalManagementAgent();
        } catch (IOException failure) {
            throw new IOException(
                    "process " + pid + " opens no port for questions: " + failure.getMessage(),
                    failure);
        } finally {
            jvm.detach();
        }
    }

    private VirtualMachine attach(ProcessHandle process) throws IOException {
        try {
            return VirtualMachine.attach(Long.toString(pid));
        } catch (AttachNotSupportedException | IOException failure) {
            // The latter too where there is no JVM, but a killed one of this number left its
            // socket.
            String owner = process.info().user().orElse("");
            String me = ProcessHandle.current().info().user().orElse("");
            String hint =
                    owner.equals(me)
                            ? ""
                            : ", which belongs to " + owner + " while this runs as " + me + ",";
            throw new IOException(
                    "process "
                            + pid
                            + hint
                            + " does not answer as a JVM does: "
                            + failure.getMessage(),
                    failure);
        }
    }

    private String dump(MBeanServerConnection beans, ProcessHandle process)
            throws IOException, InterruptedException {
        while (true) {
            try {
                return (String) beans.invoke(new ObjectName(BEAN), "dump", null, null);
            } catch (InstanceNotFoundException missing) {
                boolean young =
                        process.info()
                                .startInstant()
                                .filter(Instant.now().minus(YOUNG)::isBefore)
                                .isPresent();
                if (!young) {
                    throw new IOException(
                            "process " + pid + " does not use Heddle, or has not begun to",
                            missing);
                }
                Thread.sleep(BETWEEN_LOOKS);
            } catch (JMException | JMRuntimeException failure) {
                throw new IOException(
                        "process " + pid + " could not make a dump: " + failure.getMessage(),
                        failure);
            }
        }
    }
}
