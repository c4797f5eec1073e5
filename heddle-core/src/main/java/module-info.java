/**
 * Blocking sockets for virtual threads. Needs nothing but {@code java.base}.
 *
 * <p>Two flags of the JVM make it faster, and it runs without either: {@code
 * --enable-native-access=heddle.core} for the native pollers and {@code --add-opens
 * java.base/java.lang=heddle.core} for carriers of its own.
 */
module heddle.core {
    // Not transitive: a user's module would then not compile without it. Annotations that javac
    // does not find it passes over.
    requires static org.jspecify;
    // To see inside, where a JVM has them: docs/observability.md.
    requires static java.management;
    requires static jdk.jfr;

    exports heddle.net;
    exports heddle.time;
}
