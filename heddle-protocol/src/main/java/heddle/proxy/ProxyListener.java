package heddle.proxy;

import heddle.net.Addr;
import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.Heddle;
import heddle.net.Listener;
import java.io.IOException;
import java.util.function.Predicate;

/**
 * Accepts connections of which some come through proxies, which say who the client is. A proxy's connection must begin
 * with a header, and no other's may: whose word counts is decided by the address of who connects, never by what it
 * sends. Thread-safe.
 */
public final class ProxyListener implements Listener {

    private final Listener over;

    /** Written by who changes it, read by who accepts. */
    private volatile Predicate<Addr> proxies;

    /**
     * A listener over another one.
     *
     * @param over accepts; closed with this one
     * @param proxies whether an address is that of a proxy; called on accepting threads, so it must not wait
     */
    public ProxyListener(Listener over, Predicate<Addr> proxies) {
        this.over = over;
        this.proxies = proxies;
    }

    /**
     * Takes other proxies for the connections to come.
     *
     * @param proxies as for the constructor
     */
    public void setProxies(Predicate<Addr> proxies) {
        this.proxies = proxies;
    }

    /** Waits for a connection, not for its header. */
    @Override
    public ProxyConn accept() throws IOException {
        Conn accepted = over.accept();
        return new ProxyConn(accepted, proxies.test(accepted.remoteAddress()));
    }

    @Override
    public void setDeadline(Deadline deadline) throws IOException {
        over.setDeadline(deadline);
    }

    @Override
    public Addr address() {
        return over.address();
    }

    @Override
    public Heddle runtime() {
        return over.runtime();
    }

    @Override
    public boolean isOpen() {
        return over.isOpen();
    }

    @Override
    public void close() throws IOException {
        over.close();
    }

    /** {@code proxy over} and what it listens at. */
    @Override
    public String toString() {
        return "proxy over " + over;
    }
}
