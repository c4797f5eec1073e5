package heddle.tls;

import heddle.net.ConnContract;
import heddle.net.ConnPair;
import heddle.net.Way;
import heddle.testing.Runtimes;
import heddle.tls.TlsPairs.Pair;
import org.junit.jupiter.api.Tag;

/** What every connection must do, at a client of TLS over TCP. */
@Tag("thorough")
class TlsConnTest extends ConnContract {

    @Override
    protected ConnPair connect() throws Exception {
        Pair pair = Pair.tcp();
        return new ConnPair(pair.client(), pair.server());
    }

    @Override
    protected boolean knowsUnreadEnd() {
        return Runtimes.current().way() != Way.NIO; // There close_notify is in front of it.
    }
}
