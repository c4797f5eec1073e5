package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.Net;
import heddle.tls.TlsConfig;
import heddle.tls.TlsConn;
import heddle.tls.TlsContext;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A client of the protocol over TLS. */
final class TlsClient implements AutoCloseable {

    final TlsConn conn;
    private final DataInputStream in;

    /** Connects, and shakes hands as {@code config} says. */
    TlsClient(int port, TlsConfig config) throws IOException {
        Conn below = Net.dial("tcp", "127.0.0.1:" + port);
        conn = TlsContext.load(config).client(below, "127.0.0.1", port);
        conn.setDeadline(Deadline.after(Duration.ofSeconds(30)));
        in = new DataInputStream(conn.inputStream());
    }

    void send(byte[] bytes) throws IOException {
        conn.write(bytes);
    }

    void expectAck(int command, int id, int result) throws IOException {
        assertThat(in.readInt()).isEqualTo(14);
        assertThat(in.readUnsignedByte()).isEqualTo(command);
        assertThat(new String(in.readNBytes(8), StandardCharsets.US_ASCII)).isEqualTo("%08d".formatted(id));
        assertThat(in.readUnsignedByte()).isEqualTo(result);
    }

    TlsClient introduced(String name) throws IOException {
        send(RawClient.frame(1, 1, RawClient.utf8(name)));
        expectAck(0x81, 1, 0);
        return this;
    }

    @Override
    public void close() throws IOException {
        conn.close();
    }
}
