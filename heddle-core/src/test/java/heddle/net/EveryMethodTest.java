package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.socket.Errno;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Ways;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each public method of each type, on a live one and on a closed one. A method that comes later is found by itself. */
@Ways
class EveryMethodTest {

    private static Stream<String> networks() {
        return Stream.concat(Networks.sockets(), Stream.of("pipe"));
    }

    @ParameterizedTest
    @MethodSource("networks")
    @Behaviour(176)
    void everyMethodOfAConnectionWorksWithATinyDeadline(String network) throws Exception {
        try (var pair = ConnPair.of(network)) {
            for (Method method : methods(pair.left())) {
                pair.left().setDeadline(Deadline.afterNanos(30));
                callTolerating(method, pair.left(), DeadlineExceededException.class);
            }
            pair.left().setDeadline(Deadline.NONE);
            assertThat(pair.left().isOpen()).isTrue();
        }
    }

    @Test
    @Behaviour(176)
    void everyMethodOfAListenerWorksWithATinyDeadline() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0");
                SocketPath path = new SocketPath();
                Listener atPath = Runtimes.listen("unix", path.toString())) {
            for (Listener each : List.of(listener, atPath)) {
                for (Method method : methods(each)) {
                    each.setDeadline(Deadline.afterNanos(30));
                    callTolerating(method, each, DeadlineExceededException.class);
                }
            }
        }
    }

    /** After close each fails with the one error, or tells what is still known. */
    @ParameterizedTest
    @MethodSource("networks")
    @Behaviour({36, 176})
    void everyMethodOfAConnectionAfterCloseFailsOrTells(String network) throws Exception {
        var pair = ConnPair.of(network);
        pair.close();
        for (Method method : methods(pair.left())) {
            callTolerating(method, pair.left(), ConnClosedException.class);
        }
    }

    @Test
    @Behaviour({37, 176})
    void everyMethodOfAListenerAfterCloseFailsOrTells() throws Exception {
        Listener listener = Runtimes.listen("tcp", "127.0.0.1:0");
        listener.close();
        for (Method method : methods(listener)) {
            callTolerating(method, listener, ConnClosedException.class);
        }
    }

    /** All but close, which comes last and has its own tests; half-closes after the rest. */
    private static List<Method> methods(Object target) {
        return Arrays.stream(target.getClass().getMethods())
                .filter(m -> m.getDeclaringClass().getName().startsWith("heddle."))
                .filter(m -> !Modifier.isStatic(m.getModifiers()) && !m.isBridge())
                .filter(m -> !m.getName().equals("close"))
                .sorted(Comparator.comparing((Method m) -> m.getName().startsWith("close"))
                        .thenComparing(Method::toString))
                .toList();
    }

    private static void callTolerating(Method method, Object target, Class<? extends IOException> tolerated)
            throws Exception {
        Object[] arguments = Arrays.stream(method.getParameterTypes())
                .map(type -> argument(type, target))
                .toArray();
        try {
            Object result = method.invoke(target, arguments);
            assertThat(result != null || method.getReturnType() == void.class)
                    .as("%s returns something", method)
                    .isTrue();
        } catch (InvocationTargetException e) {
            assertThat(e.getCause()).as(method.toString()).isInstanceOfAny(tolerated, NetException.class);
            if (e.getCause() instanceof NetException lacking) { // An option that the way lacks.
                assertThat(Runtimes.current().way()).isEqualTo(Way.NIO);
                assertThat(lacking.errno()).isEqualTo(Errno.ENOPROTOOPT);
            }
        }
    }

    private static Object argument(Class<?> type, Object target) {
        if (type == Conn.class) {
            return target;
        }
        if (type == long.class) {
            return 1L;
        }
        if (type == int.class) {
            return 1;
        }
        if (type == boolean.class) {
            return true;
        }
        if (type == byte[].class) {
            return new byte[2];
        }
        if (type == ByteBuffer.class) {
            return ByteBuffer.allocate(2);
        }
        if (type == ByteBuffer[].class) {
            return new ByteBuffer[] {ByteBuffer.allocate(2), ByteBuffer.allocateDirect(2)};
        }
        if (type == Taker.class) {
            return (Taker) _ -> {};
        }
        if (type == Deadline.class) {
            return Deadline.afterNanos(30);
        }
        if (type == KeepAlive.class) {
            return KeepAlive.DEFAULT;
        }
        if (type == Duration.class) {
            return Duration.ofSeconds(1);
        }
        throw new AssertionError("no argument for a " + type + " yet");
    }
}
