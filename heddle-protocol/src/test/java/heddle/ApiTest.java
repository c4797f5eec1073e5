package heddle;

import heddle.testing.Api;

import org.junit.jupiter.api.Test;

import java.io.IOException;

class ApiTest {

    @Test
    void fileIsFresh() throws IOException {
        Api.assertFresh("heddle-protocol");
    }
}
