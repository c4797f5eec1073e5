package heddle.net;

class TcpConnTest extends ConnContract {

    @Override
    protected ConnPair connect() throws Exception {
        return ConnPair.tcp();
    }
}
