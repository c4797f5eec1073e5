package heddle.tls;

/** Who calls a {@link TlsConn}, and so which deadlines bound it. */
enum Op {
    READ("read"),
    WRITE("write"),
    HANDSHAKE("handshake"),
    /** The thread that sends what no caller waits for. */
    REST("write"),
    CLOSE("close");

    /** As its failures name it. */
    final String label;

    Op(String label) {
        this.label = label;
    }
}
