package heddle.net;

import heddle.testing.NotIn;

@NotIn(value = Way.NIO, because = "the JDK's channels have no packets; UnixTest shows what they answer")
class UnixPacketConnTest extends ConnContract {

    @Override
    protected ConnPair connect() throws Exception {
        return ConnPair.of("unixpacket");
    }
}
