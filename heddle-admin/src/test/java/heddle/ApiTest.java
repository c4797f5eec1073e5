package heddle;

import heddle.testing.Api;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ApiTest {

    @Test
    void fileIsFresh() throws IOException {
        Api.assertFresh("heddle-admin");
    }
}
