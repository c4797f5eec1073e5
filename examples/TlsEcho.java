import heddle.net.Conn;
import heddle.net.Dialer;
import heddle.net.Heddle;
import heddle.net.Net;
import heddle.tls.TlsConfig;
import heddle.tls.TlsContext;
import heddle.tls.TlsListener;

import java.io.IOException;
import java.nio.file.Path;

/** An echo over TLS to itself: {@code TlsEcho chain.pem key.pem ca.pem}, with a certificate for localhost. */
public class TlsEcho {

    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            System.err.println("usage: TlsEcho chain.pem key.pem ca.pem");
            System.exit(2);
        }
        TlsContext servers = TlsContext.load(new TlsConfig().certificate(Path.of(args[0]), Path.of(args[1])));
        TlsContext clients = TlsContext.load(new TlsConfig().authority(Path.of(args[2])));
        try (TlsListener listener = servers.listener(Net.listen("tcp", "localhost:0"))) {
            Heddle.shared().ofVirtual().start(() -> serve(listener));
            String port = listener.address().toString().replaceFirst(".*:", "");
            try (Conn conn = clients.dialer(new Dialer()).dial("tcp", "localhost:" + port)) {
                conn.write("hello\n".getBytes());
                conn.closeWrite();
                conn.inputStream().transferTo(System.out);
            }
        }
    }

    static void serve(TlsListener listener) {
        try (Conn conn = listener.accept()) { // Does not wait for the handshake: the first read does.
            conn.transferTo(conn);
            conn.closeWrite();
        } catch (IOException e) {
            System.err.println(e.getMessage());
        }
    }
}
