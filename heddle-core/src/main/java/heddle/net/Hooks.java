package heddle.net;

import heddle.internal.fd.Opening;
import heddle.internal.fd.RawDescriptor;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A {@link Control} as {@code internal.fd} calls it. */
final class Hooks {

    private Hooks() {}

    /**
     * Calls {@code control}, if there is one, for a socket of {@code network} that is to be at {@code address}, or to
     * connect to it.
     */
    static Opening.Hook of(@Nullable Control control, String network, Addr address) {
        return control == null ? Opening.Hook.NONE : raw -> control.control(network, address, new Raw(raw));
    }

    private record Raw(RawDescriptor raw) implements RawSocket {

        @Override
        public int descriptor() {
            return raw.number();
        }

        @Override
        public void setOption(int level, int name, int value) throws IOException {
            check("setsockopt", raw.setOption(level, name, value));
        }

        @Override
        public int option(int level, int name) throws IOException {
            int[] value = new int[1];
            check("getsockopt", raw.option(level, name, value));
            return value[0];
        }

        private static void check(String call, int result) throws IOException {
            if (result < 0) {
                throw Failures.of("control", "", null, null, call, result, 0);
            }
        }
    }
}
