package heddle.internal.sys.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.internal.socket.Errno;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NoConnectionPendingException;
import java.nio.channels.NotYetBoundException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ExceptionErrnoTest {

    @ParameterizedTest
    @MethodSource
    void typeTells(Exception failure, int errno) {
        assertThat(ExceptionErrno.of(failure)).isEqualTo(errno);
    }

    static Stream<Arguments> typeTells() {
        return Stream.of(
                Arguments.of(new BindException("Die Adresse wird bereits verwendet"), Errno.EADDRINUSE),
                Arguments.of(new ConnectException(), Errno.ECONNREFUSED),
                Arguments.of(new NoRouteToHostException("No route to host"), Errno.EHOSTUNREACH),
                Arguments.of(new PortUnreachableException(), Errno.ECONNREFUSED),
                Arguments.of(new ClosedChannelException(), Errno.EBADF),
                Arguments.of(new NotYetConnectedException(), Errno.ENOTCONN),
                Arguments.of(new NoConnectionPendingException(), Errno.ENOTCONN),
                Arguments.of(new AlreadyConnectedException(), Errno.EISCONN),
                Arguments.of(new ConnectionPendingException(), Errno.EALREADY),
                Arguments.of(new UnsupportedAddressTypeException(), Errno.EAFNOSUPPORT),
                Arguments.of(new UnresolvedAddressException(), Errno.EINVAL),
                Arguments.of(new AlreadyBoundException(), Errno.EINVAL),
                Arguments.of(new NotYetBoundException(), Errno.EINVAL),
                Arguments.of(new IllegalArgumentException("Invalid value"), Errno.EINVAL),
                Arguments.of(new UnsupportedOperationException("no option"), Errno.ENOPROTOOPT),
                Arguments.of(new IOException("what nobody has heard of"), Errno.EIO),
                Arguments.of(new IOException(), Errno.EIO));
    }

    @Test
    void acceptThatFailsInAnotherLanguageMayBeTriedAgain() {
        var german = new SocketException("Zu viele offene Dateien");
        assertThat(ExceptionErrno.ofAccept(german)).isEqualTo(Errno.EMFILE);
        var closed = new ClosedChannelException();
        assertThat(ExceptionErrno.ofAccept(closed)).isEqualTo(Errno.EBADF);
    }

    @Test
    void memoryThatCannotBeUsedIsTheCallersMistake() {
        for (RuntimeException mistake :
                new RuntimeException[] {new WrongThreadException(), new IllegalStateException("Already closed")}) {
            assertThatThrownBy(() -> ExceptionErrno.of(mistake)).isSameAs(mistake);
        }
    }

    @ParameterizedTest
    @MethodSource
    void textTells(Exception failure, int errno) {
        assertThat(ExceptionErrno.of(failure)).isEqualTo(errno);
    }

    static Stream<Arguments> textTells() {
        return Stream.of(
                Arguments.of(new SocketException("Connection reset"), Errno.ECONNRESET),
                Arguments.of(new IOException("Connection reset by peer"), Errno.ECONNRESET),
                Arguments.of(new IOException("Broken pipe"), Errno.EPIPE),
                Arguments.of(new ConnectException("Connection refused"), Errno.ECONNREFUSED),
                Arguments.of(new ConnectException("Connection timed out"), Errno.ETIMEDOUT),
                Arguments.of(new BindException("Address already in use"), Errno.EADDRINUSE),
                Arguments.of(new BindException("Cannot assign requested address"), Errno.EADDRNOTAVAIL),
                Arguments.of(new BindException("Can't assign requested address"), Errno.EADDRNOTAVAIL),
                Arguments.of(new BindException("Permission denied"), Errno.EACCES),
                Arguments.of(new SocketException("Network is unreachable"), Errno.ENETUNREACH),
                Arguments.of(new SocketException("Too many open files"), Errno.EMFILE),
                Arguments.of(new IOException("Too many open files in system"), Errno.ENFILE),
                Arguments.of(new SocketException("No buffer space available"), Errno.ENOBUFS),
                Arguments.of(new SocketException("Cannot allocate memory"), Errno.ENOMEM),
                Arguments.of(new BindException("Not a directory"), Errno.ENOTDIR),
                Arguments.of(new SocketException("Disk quota exceeded"), Errno.EDQUOT),
                // As Windows says it, with the place; as -Djdk.includeInExceptions does, with the address.
                Arguments.of(new ConnectException("Connection timed out: no further information"), Errno.ETIMEDOUT),
                Arguments.of(new SocketException("Network is unreachable: /192.0.2.1:80"), Errno.ENETUNREACH),
                Arguments.of(
                        new IOException("An existing connection was forcibly closed by the remote host"),
                        Errno.ECONNRESET));
    }
}
