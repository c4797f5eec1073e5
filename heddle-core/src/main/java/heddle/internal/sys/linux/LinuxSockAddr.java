package heddle.internal.sys.linux;

import heddle.internal.sys.SockAddr;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * {@code sockaddr_in} and {@code sockaddr_in6}; ip(7), ipv6(7). The family and the scope are in the machine's byte order, the rest
 * in the network's.
 *
 *   sockaddr_in   0 family (2)  2 port (2)  4 address (4)  8 zero (8)                          16 bytes
 *   sockaddr_in6  0 family (2)  2 port (2)  4 flow info (4)  8 address (16)  24 scope id (4)    28 bytes
 */
final class LinuxSockAddr {

    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    /** Of the larger of the two. */
    static final int SIZE = 28;

    private static final int SIZE_V4 = 16;

    private static final VarHandle NATIVE_SHORT = view(short[].class, ByteOrder.nativeOrder());
    private static final VarHandle NATIVE_INT = view(int[].class, ByteOrder.nativeOrder());
    private static final VarHandle NET_SHORT = view(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle NET_INT = view(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle NET_LONG = view(long[].class, ByteOrder.BIG_ENDIAN);

    private LinuxSockAddr() {}

    private static VarHandle view(Class<?> type, ByteOrder order) {
        return MethodHandles.byteArrayViewVarHandle(type, order);
    }

    static int family(int version) {
        return version == 4 ? AF_INET : AF_INET6;
    }

    /** {@code address} as a socket of {@code version} wants it. */
    static byte[] encode(SockAddr address, int version) {
        byte[] raw = new byte[version == 4 ? SIZE_V4 : SIZE];
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

    /** What the kernel wrote. */
    static SockAddr decode(byte[] raw) {
        int port = (short) NET_SHORT.get(raw, 2) & 0xffff;
        if ((short) NATIVE_SHORT.get(raw, 0) == AF_INET) {
            return SockAddr.ofV4((int) NET_INT.get(raw, 4), port);
        }
        return SockAddr.ofV6(
                (long) NET_LONG.get(raw, 8),
                (long) NET_LONG.get(raw, 16),
                port,
                (int) NATIVE_INT.get(raw, 24));
    }
}
