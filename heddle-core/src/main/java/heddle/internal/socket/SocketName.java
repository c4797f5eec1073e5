package heddle.internal.socket;

import java.io.Serializable;

/** What a socket is bound or connected to: what a {@code sockaddr} holds. Immutable, equal by value. */
public sealed interface SocketName extends Serializable permits SockAddr, UnixName {}
