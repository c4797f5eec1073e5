package heddle.internal.sys.linux;

import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketName;
import heddle.internal.socket.UnixName;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// `sockaddr_in`, `sockaddr_in6` and `sockaddr_un`; ip(7), ipv6(7), unix(7). The family and the scope are in the
/// machine's byte order, the other numbers in the network's.
///
///     sockaddr_in   0 family (2)  2 port (2)  4 address (4)  8 zero (8)                          16 bytes
///     sockaddr_in6  0 family (2)  2 port (2)  4 flow info (4)  8 address (16)  24 scope id (4)   28 bytes
///     sockaddr_un   0 family (2)  2 name (0 to 108)                                              2 to 110 bytes
///
/// The length tells the kinds of names of a `sockaddr_un` apart: 2 is none, a leading NUL is an abstract one of all
/// bytes that follow, and a path ends at its NUL.
final class LinuxSockAddr {

    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    static final int AF_UNIX = 1;

    /** Of the largest. */
    static final int SIZE_MAX = 110;

    private static final int SIZE_V4 = 16;
    private static final int SIZE_V6 = 28;
    private static final int UNIX_NAME = 2;

    private static final VarHandle NATIVE_SHORT = view(short[].class, ByteOrder.nativeOrder());
    private static final VarHandle NATIVE_INT = view(int[].class, ByteOrder.nativeOrder());
    private static final VarHandle NET_SHORT = view(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle NET_INT = view(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle NET_LONG = view(long[].class, ByteOrder.BIG_ENDIAN);

    private LinuxSockAddr() {}

    private static VarHandle view(Class<?> type, ByteOrder order) {
        return MethodHandles.byteArrayViewVarHandle(type, order);
    }

    static int family(int kind) {
        return switch (kind) {
            case SockAddr.VERSION_4 -> AF_INET;
            case SockAddr.VERSION_6 -> AF_INET6;
            default -> AF_UNIX;
        };
    }

    /** {@code address} as a socket of {@code kind} wants it. */
    static byte[] encode(SocketName address, int kind) {
        return switch (address) {
            case SockAddr ip -> encodeIp(ip, kind);
            case UnixName name -> encodeUnix(name);
        };
    }

    static byte[] encodeUnix(UnixName name) {
        byte[] bytes = name.bytes();
        byte[] raw = new byte[UNIX_NAME + bytes.length + (name.isPath() ? 1 : 0)];
        NATIVE_SHORT.set(raw, 0, (short) AF_UNIX);
        System.arraycopy(bytes, 0, raw, UNIX_NAME, bytes.length);
        return raw;
    }

    private static byte[] encodeIp(SockAddr address, int version) {
        byte[] raw = new byte[version == 4 ? SIZE_V4 : SIZE_V6];
        NATIVE_SHORT.set(raw, 0, (short) family(version));
        NET_SHORT.set(raw, 2, (short) address.port());
        if (version == 4) {
            NET_INT.set(raw, 4, (int) address.low());
        } else {
            NET_LONG.set(raw, 8, address.high());
            NET_LONG.set(raw, 16, address.lowForV6());
            NATIVE_INT.set(raw, 24, address.scopeId());
        }
        return raw;
    }

    /**
     * What the kernel wrote, {@code length} bytes by its own count: one more than there are for a path of 108; unix(7),
     * "BUGS".
     */
    static SocketName decode(byte[] raw, int length) {
        short family = (short) NATIVE_SHORT.get(raw, 0);
        if (family == AF_UNIX) {
            return decodeUnix(raw, Math.min(length, raw.length));
        }
        int port = (short) NET_SHORT.get(raw, 2) & 0xffff;
        if (family == AF_INET) {
            return SockAddr.ofV4((int) NET_INT.get(raw, 4), port);
        }
        return SockAddr.ofV6(
                (long) NET_LONG.get(raw, 8), (long) NET_LONG.get(raw, 16), port, (int) NATIVE_INT.get(raw, 24));
    }

    private static UnixName decodeUnix(byte[] raw, int length) {
        int end = length;
        if (length > UNIX_NAME && raw[UNIX_NAME] != 0) {
            end = UNIX_NAME;
            while (end < length && raw[end] != 0) {
                end++;
            }
        }
        int bytes = Math.max(0, end - UNIX_NAME);
        return new UnixName(new String(raw, UNIX_NAME, bytes, StandardCharsets.UTF_8));
    }
}
