package heddle.net;

import heddle.internal.Platform;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The floors under a runtime, for tests of those. */
public final class Insides {

    private Insides() {}

    /** What {@code heddle} runs on. */
    public static Platform of(Heddle heddle) {
        try {
            return heddle.platform("test", "");
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
    }
}
