package heddle.net;

import java.io.IOException;

/** The kernel's side of a socket, for options that Heddle has no method for. Usable during its {@link Control} only. */
public interface RawSocket {

    /**
     * The kernel's number of the descriptor.
     *
     * @return the number, or -1 in {@link heddle.net##ways way nio}, and once the hook has returned
     */
    int descriptor();

    /**
     * setsockopt(2) of an int.
     *
     * @param level the system's number of the level, for instance SOL_SOCKET
     * @param name the system's number of the option
     * @param value the value
     * @throws ConnClosedException the hook has returned
     * @throws IOException carrying the errno; ENOPROTOOPT where the way of running cannot set it
     */
    void setOption(int level, int name, int value) throws IOException;

    /**
     * getsockopt(2) of an int.
     *
     * @param level the system's number of the level
     * @param name the system's number of the option
     * @return the value
     * @throws ConnClosedException the hook has returned
     * @throws IOException carrying the errno; ENOPROTOOPT where the way of running cannot read it
     */
    int option(int level, int name) throws IOException;
}
