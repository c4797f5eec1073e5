package heddle.proxy;

import heddle.net.ConnContract;
import heddle.net.ConnPair;
import org.junit.jupiter.api.Tag;

/** What every connection must do, behind a header. */
@Tag("thorough")
class ProxyConnTest extends ConnContract {

    @Override
    protected ConnPair connect() throws Exception {
        ConnPair below = ConnPair.tcp();
        below.left().write(Headers.line("PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"));
        var behind = new ProxyConn(below.right(), true);
        behind.readHeader(); // a close with unread bytes would be a reset
        return new ConnPair(below.left(), behind);
    }
}
