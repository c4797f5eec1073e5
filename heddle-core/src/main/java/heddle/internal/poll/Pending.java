package heddle.internal.poll;

/**
 * What {@link Registration#showAs} is given while one thing alone can be waited for, a connection to accept or the
 * answer to a dial, in place of the connection that may be read and written.
 *
 * @param op what is done, such as {@code accept}
 * @param network such as {@code tcp}
 * @param address whose text shall be shown
 */
public record Pending(String op, String network, Object address) {

    /** Without the op: {@code tcp 127.0.0.1:80}. */
    @Override
    public String toString() {
        return network + " " + address;
    }
}
