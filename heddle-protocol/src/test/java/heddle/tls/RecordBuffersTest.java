package heddle.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class RecordBuffersTest {

    @Test
    void buffersAreEmptyAndHaveRoomForARecord() {
        var buffers = new RecordBuffers();
        for (int i = 0; i < 1_000; i++) {
            ByteBuffer buffer = buffers.take();
            assertThat(buffer.remaining()).isEqualTo(RecordBuffers.BYTES);
            buffers.give(buffer.position(1 + i % 100).limit(200));
            buffers.give(ByteBuffer.allocate(100));
            buffers.give(ByteBuffer.allocate(RecordBuffers.BYTES + 1));
        }
    }
}
