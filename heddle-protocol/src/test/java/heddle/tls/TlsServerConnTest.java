package heddle.tls;

import heddle.net.ConnContract;
import heddle.net.ConnPair;
import heddle.net.Way;
import heddle.testing.Runtimes;
import heddle.tls.TlsPairs.Pair;
import org.junit.jupiter.api.Tag;

/** The same at a server. */
@Tag("thorough")
class TlsServerConnTest extends ConnContract {

    @Override
    protected ConnPair connect() throws Exception {
        Pair pair = Pair.tcp();
        return new ConnPair(pair.server(), pair.client());
    }

    @Override
    protected boolean knowsUnreadEnd() {
        return Runtimes.current().way() != Way.NIO; // There close_notify is in front of it.
    }
}
