package heddle.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class RecordsTest {

    private static ByteBuffer bytes(int... all) {
        ByteBuffer buffer = ByteBuffer.allocate(all.length);
        for (int one : all) {
            buffer.put((byte) one);
        }
        return buffer.flip();
    }

    @Test
    void recordIsKnownByItsFirstBytes() {
        assertThat(Records.isRecord(bytes())).isTrue();
        assertThat(Records.isPart(bytes())).isFalse();
        assertThat(Records.isPart(bytes(22))).isTrue();
        assertThat(Records.isPart(bytes(22, 3, 1, 0, 2, 1))).isTrue();
        assertThat(Records.isWhole(bytes(22, 3, 1, 0, 2, 1, 1))).isTrue();
        assertThat(Records.isPart(bytes(22, 3, 1, 0, 2, 1, 1))).isFalse();
        assertThat(Records.isWhole(bytes(21, 3, 3, 0, 0))).isTrue();
        assertThat(Records.isRecord(bytes(19))).isFalse();
        assertThat(Records.isRecord(bytes(24))).isFalse();
        assertThat(Records.isRecord(bytes(22, 2))).isFalse();
        assertThat(Records.isRecord(bytes(23, 3, 3, 0x48, 0))).isTrue();
        assertThat(Records.isRecord(bytes(23, 3, 3, 0x48, 1))).isFalse();
        assertThat(Records.isRecord(bytes(23, 3, 3, 0xff, 0xff))).isFalse();
        assertThat(Records.isPart(bytes(19))).isFalse();
    }

    /** A buffer that has the room is kept, and what is left in it goes to its front. */
    @Test
    void roomForARecordIsMadeInPlaceWhereItCan() {
        ByteBuffer held = ByteBuffer.allocate(20);
        held.put(12, new byte[] {23, 3, 3, 0, 3, 1, 2}).position(12).limit(19);
        assertThat(Records.withRoom(held)).isSameAs(held);
        assertThat(held.position()).isEqualTo(12);
        held.put(16, (byte) 10); // Now it is one of 15 bytes.
        assertThat(Records.withRoom(held)).isSameAs(held).isEqualTo(bytes(23, 3, 3, 0, 10, 1, 2));
        assertThat(held.position()).isZero();
        held.put(4, (byte) 16);
        assertThat(Records.withRoom(held))
                .isNotSameAs(held)
                .isEqualTo(bytes(23, 3, 3, 0, 16, 1, 2))
                .extracting(ByteBuffer::capacity)
                .isEqualTo(21);
    }
}
