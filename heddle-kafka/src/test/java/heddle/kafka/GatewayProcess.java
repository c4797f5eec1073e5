package heddle.kafka;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A gateway in a JVM of its own, to be killed. */
record GatewayProcess(Process process, String address) {

    private static final String ERR = "gateway.err";

    /** Started, and listening; with a data folder it forwards what it keeps there. */
    static GatewayProcess start(Path folder, Broker broker, String topic, String listen, @Nullable Path data)
            throws Exception {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                OneGateway.Main.class.getName(),
                broker.servers(),
                topic,
                listen));
        if (data != null) {
            command.add(data.toString());
        }
        Process process = new ProcessBuilder(command)
                .redirectError(
                        ProcessBuilder.Redirect.appendTo(folder.resolve(ERR).toFile()))
                .start();
        BufferedReader out = process.inputReader();
        return new GatewayProcess(process, String.valueOf(out.readLine()));
    }

    /** What the gateways of a folder have said on stderr. */
    static String said(Path folder) {
        try {
            return Files.readString(folder.resolve(ERR));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** kill -9. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }
}
