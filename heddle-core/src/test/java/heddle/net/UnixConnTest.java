package heddle.net;

class UnixConnTest extends ConnContract {

    @Override
    protected ConnPair connect() throws Exception {
        return ConnPair.of("unix");
    }
}
