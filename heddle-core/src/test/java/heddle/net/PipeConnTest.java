package heddle.net;

class PipeConnTest extends ConnContract {

    @Override
    protected ConnPair connect() throws Exception {
        return ConnPair.of("pipe");
    }

    @Override
    protected String closedText() {
        return "io: read/write on closed pipe";
    }
}
