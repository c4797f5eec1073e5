package heddle.proxy;

import heddle.net.ConnContract;
import heddle.net.ConnPair;
import org.junit.jupiter.api.Tag;

/** What every connection must do, whose beginning must be no header. */
@Tag("thorough")
class StrangerConnTest extends ConnContract {

    @Override
    protected ConnPair connect() throws Exception {
        ConnPair below = ConnPair.tcp();
        return new ConnPair(new ProxyConn(below.left(), false), new ProxyConn(below.right(), false));
    }
}
