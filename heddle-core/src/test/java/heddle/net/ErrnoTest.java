package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The numbers that callers compare with are those that calls give. */
class ErrnoTest {

    @Test
    void everyNumberOfTheSystemCallsIsThereForCallers() throws Exception {
        assertThat(constants(Errno.class)).isEqualTo(constants(heddle.internal.socket.Errno.class));
    }

    @Test
    void textIsWhatMessagesHave() {
        assertThat(Errno.text(Errno.ECONNREFUSED)).isEqualTo("connection refused");
        assertThat(Errno.text(4711)).isEqualTo("errno 4711");
    }

    private static Map<String, Integer> constants(Class<?> type) throws IllegalAccessException {
        Map<String, Integer> found = new TreeMap<>();
        for (Field field : type.getFields()) {
            found.put(field.getName(), field.getInt(null));
        }
        return found;
    }
}
