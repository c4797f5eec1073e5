package heddle.tls;

import heddle.net.ConnContract;
import heddle.net.ConnPair;
import heddle.tls.TlsPairs.Pair;
import org.junit.jupiter.api.Tag;

/** The same over a pipe, which buffers nothing; each close waits, as nobody reads close_notify. */
@Tag("thorough")
class TlsPipeConnTest extends ConnContract {

    @Override
    protected ConnPair connect() throws Exception {
        Pair pair = Pair.over(ConnPair.pipe());
        return new ConnPair(pair.client(), pair.server());
    }

    @Override
    protected boolean knowsUnreadEnd() {
        return false;
    }
}
