package heddle.net;

import java.io.Closeable;
import java.io.IOException;

/** Accepts connections. All methods may be called from any thread at any time; several threads may accept. */
public interface Listener extends Closeable {

    /**
     * Waits for a connection and takes it from the backlog.
     *
     * @return the connection, never null
     * @throws DeadlineExceededException the deadline passed, even if a connection is queued
     * @throws CallInterruptedException the thread was interrupted while it would have to wait
     * @throws ConnClosedException the listener was closed, before the call or during it
     * @throws IOException any other failure, carrying the errno; {@link NetError#isRetryable} tells whether accept may
     *     be called again; accept(2)
     */
    Conn accept() throws IOException;

    /**
     * Sets the deadline of pending and future accepts.
     *
     * @param deadline the instant, {@link Deadline#NONE} for none
     * @throws ConnClosedException the listener was closed
     */
    void setDeadline(Deadline deadline) throws IOException;

    /**
     * Where it listens; the port is the real one if 0 was asked for. Still known after close.
     *
     * @return the address
     */
    Addr address();

    /**
     * The runtime that it and the connections from it belong to.
     *
     * @return the runtime; {@link Heddle#shared} unless the implementation says otherwise
     */
    default Heddle runtime() {
        return Heddle.shared();
    }

    /**
     * Whether it listens: false once {@link #close} was called by anybody.
     *
     * @return true until then
     */
    boolean isOpen();

    /**
     * Stops listening: ends pending accepts, resets what nobody accepted; the port is free on return. A second close
     * does nothing.
     */
    @Override
    void close() throws IOException;
}
