package heddle.net;

import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

@DisabledIfSystemProperty(
        named = "heddle.way",
        matches = "nio",
        disabledReason = "the JDK's channels have no packets; UnixTest shows what they answer")
class UnixPacketConnTest extends ConnContract {

    @Override
    protected ConnPair connect() throws Exception {
        return ConnPair.of("unixpacket");
    }
}
