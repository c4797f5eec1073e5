package heddle.internal.jdk;

import java.util.ArrayList;
import java.util.List;

/**
 * The two flags of the JVM that make Heddle faster: whether this JVM has them, and one line on all that are missing.
 * {@code Platform} asks once, when it starts.
 *
 *   --enable-native-access           epoll
 *   --add-opens java.base/java.lang  on top of that, carriers of our own
 *
 * The manifest of a jar that is started by {@code java -jar} can give both, but to code on the class path alone.
 * Source: java(1), "jar file manifest attributes".
 */
public final class Flags {

    private static final String NATIVE_ATTRIBUTE = "Enable-Native-Access: ALL-UNNAMED";
    private static final String OPENS_ATTRIBUTE = "Add-Opens: java.base/java.lang";

    private Flags() {}

    private static boolean nativeAccess() {
        return Flags.class.getModule().isNativeAccessEnabled();
    }

    private static boolean opened() {
        return Object.class.getModule().isOpen("java.lang", Flags.class.getModule());
    }

    /** The flags that carriers of our own need and this JVM does not have. */
    public static List<String> missing() {
        List<String> missing = new ArrayList<>();
        if (!nativeAccess()) {
            missing.add(nativeFlag());
        }
        if (!opened()) {
            missing.add(opensFlag());
        }
        return List.copyOf(missing);
    }

    /**
     * Empty if native calls are allowed; else all flags that are missing for epoll and, if {@code carriers}, for
     * carriers of our own.
     */
    public static String missingForEpoll(boolean carriers) {
        if (nativeAccess()) {
            return "";
        }
        if (!carriers) {
            return nativeFlag() + " would give it epoll" + inManifest(NATIVE_ATTRIBUTE);
        }
        if (opened()) {
            return nativeFlag() + " would give it epoll and carriers of its own" + inManifest(NATIVE_ATTRIBUTE);
        }
        return nativeFlag()
                + " would give it epoll, and "
                + opensFlag()
                + " carriers of its own"
                + inManifest(NATIVE_ATTRIBUTE + " and " + OPENS_ATTRIBUTE);
    }

    /** What is missing for carriers of our own where epoll can be used. */
    static String missingForCarriers() {
        return opensFlag() + " would give it carriers of its own" + inManifest(OPENS_ATTRIBUTE);
    }

    private static String nativeFlag() {
        return "--enable-native-access=" + VirtualThreads.target();
    }

    private static String opensFlag() {
        return "--add-opens java.base/java.lang=" + VirtualThreads.target();
    }

    /** The same as lines of a manifest; empty in a module, which no manifest can give anything. */
    private static String inManifest(String attributes) {
        return Flags.class.getModule().isNamed() ? "" : "; in the manifest of an executable jar: " + attributes;
    }
}
