package heddle.bench;

import static heddle.internal.sys.linux.Epoll.EPOLLET;
import static heddle.internal.sys.linux.Epoll.EPOLLIN;

import heddle.internal.socket.Errno;
import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketOption;
import heddle.internal.sys.Syscalls;
import heddle.internal.sys.linux.Epoll;
import heddle.internal.sys.linux.LinuxSyscalls;

import org.HdrHistogram.Histogram;

import java.lang.foreign.MemorySegment;

/**
 * Keeps one request in flight on each of its connections: a bare epoll loop on one thread, so that it costs less than any server it
 * loads. Linux only.
 */
final class EchoLoad implements AutoCloseable {

    private final Syscalls sys = new LinuxSyscalls();
    private final Epoll epoll = new Epoll();
    private final MemorySegment request;
    private final MemorySegment response;
    private final int[] errno = new int[1];
    private final int[] fds;

    /** Bytes of the current response that have come, by the number of the connection. */
    private final int[] received;

    EchoLoad(int port, int connections, int requestBytes) {
        request = MemorySegment.ofArray(new byte[requestBytes]);
        response = MemorySegment.ofArray(new byte[requestBytes]);
        fds = new int[connections];
        received = new int[connections];
        for (int i = 0; i < connections; i++) {
            fds[i] = check("socket", sys.socket(SockAddr.VERSION_4, false));
            int connected =
                    sys.connect(fds[i], SockAddr.VERSION_4, SockAddr.ofV4(0x7f000001, port));
            if (connected != -Errno.EINPROGRESS) {
                check("connect", connected);
            }
            while (sys.remoteAddress(fds[i], new SockAddr[1]) != 0) {
                // On loopback a moment, or a second if the server's backlog was full.
                check("connect", -sys.option(fds[i], SocketOption.ERROR));
            }
            check("setsockopt", sys.setOption(fds[i], SocketOption.NO_DELAY, 1));
            check("epoll_ctl", epoll.add(fds[i], EPOLLIN | EPOLLET, i));
        }
    }

    /** Runs {@code requests} round trips on the first connection, and adds to {@code nanos} what each took. */
    void measure(long requests, Histogram nanos) {
        for (long i = 0; i < requests; i++) {
            long before = System.nanoTime();
            send(0);
            do {
                check("epoll_wait", epoll.await(-1));
            } while (!receive(0));
            nanos.recordValue(System.nanoTime() - before);
        }
    }

    /** Runs {@code requests} requests and their responses. */
    void run(long requests) {
        long toSend = requests;
        for (int i = 0; i < fds.length && toSend > 0; i++, toSend--) {
            send(i);
        }
        long toReceive = requests;
        while (toReceive > 0) {
            int count = epoll.await(-1);
            for (int k = 0; k < count; k++) {
                int i = (int) epoll.data(k);
                if (receive(i)) {
                    toReceive--;
                    if (toSend > 0) {
                        toSend--;
                        send(i);
                    }
                }
            }
        }
    }

    private void send(int i) {
        int size = (int) request.byteSize();
        if (check("send", sys.send(fds[i], request, size, false, errno)) != size) {
            throw new IllegalStateException("the kernel took a request in parts");
        }
    }

    /** Whether a whole response is there now. */
    private boolean receive(int i) {
        int wanted = (int) response.byteSize() - received[i];
        int n = sys.recv(fds[i], response, wanted, errno);
        if (n == -Errno.EAGAIN) {
            return false;
        }
        if (check("recv", n) == 0) {
            throw new IllegalStateException("the server closed a connection");
        }
        received[i] = n == wanted ? 0 : received[i] + n;
        return n == wanted;
    }

    private static int check(String call, int result) {
        if (result < 0) {
            throw new IllegalStateException(call + ": " + Errno.text(-result));
        }
        return result;
    }

    @Override
    public void close() {
        for (int fd : fds) {
            sys.close(fd);
        }
        epoll.close();
    }
}
