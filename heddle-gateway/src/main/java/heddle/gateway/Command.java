package heddle.gateway;

/** What a packet is: its first byte. */
final class Command {

    static final byte CONN = 0x01;
    static final byte SUBMIT = 0x02;
    static final byte SUBMIT_ONCE = 0x03;
    static final byte RESUME = 0x04;
    static final byte CONN_ACK = (byte) 0x81;
    static final byte SUBMIT_ACK = (byte) 0x82;
    static final byte SUBMIT_ONCE_ACK = (byte) 0x83;
    static final byte RESUME_ACK = (byte) 0x84;

    private Command() {}
}
