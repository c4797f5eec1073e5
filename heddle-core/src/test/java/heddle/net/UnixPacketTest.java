package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.socket.Errno;
import heddle.testing.Behaviour;
import heddle.testing.NotIn;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** What is different where each write is a packet. */
@Ways
@NotIn(value = Way.NIO, because = "the JDK's channels have no packets; UnixTest shows what they answer")
class UnixPacketTest {

    @Test
    @Behaviour(167)
    void readGivesOnePacketAndCutsWhatHasNoRoom() throws Exception {
        try (var pair = ConnPair.unix("unixpacket")) {
            pair.left().write(new byte[] {1, 2, 3});
            pair.left().write(new byte[] {4});
            pair.left().write(new byte[] {5, 6});
            byte[] buffer = new byte[10];
            assertThat(pair.right().read(buffer, 0, 2)).isEqualTo(2);
            assertThat(pair.right().read(buffer)).as("3 is lost").isEqualTo(1);
            assertThat(buffer[0]).isEqualTo((byte) 4);
            assertThat(pair.right().read(buffer)).isEqualTo(2);
        }
    }

    /** More than a transfer of a stream moves at most. */
    @Test
    void largePacketGoesAndComesWhole() throws Exception {
        try (var pair = ConnPair.unix("unixpacket")) {
            byte[] sent = Streams.random(150_000, 3);
            assertThat(pair.left().write(sent)).isEqualTo(sent.length);
            byte[] got = new byte[200_000];
            assertThat(pair.right().read(got)).isEqualTo(sent.length);
            assertThat(got).startsWith(sent);
        }
    }

    @Test
    void largePacketIsNotCutByAScatteringReadWithOneBufferThatHasRoom() throws Exception {
        try (var pair = ConnPair.unix("unixpacket")) {
            byte[] sent = Streams.random(150_000, 4);
            ByteBuffer room = ByteBuffer.allocate(200_000);
            ByteBuffer full = ByteBuffer.allocate(0);
            for (ByteBuffer[] targets : new ByteBuffer[][] {{room}, {full, room}}) {
                pair.left().write(sent);
                assertThat(pair.right().read(targets)).isEqualTo(sent.length);
                assertThat(room.array()).startsWith(sent);
                room.clear();
            }
        }
    }

    @Test
    void packetThatNeverFitsIsRefusedAndNotSentInPart() throws Exception {
        try (var pair = ConnPair.unix("unixpacket")) {
            pair.leftSocket().setWriteBuffer(10_000);
            var e = assertThrows(NetException.class, () -> pair.left().write(new byte[1_000_000]));
            assertThat(e.errno()).isEqualTo(Errno.EMSGSIZE);
            assertThat(e).hasMessageEndingWith(": write: message too long");
            assertThat(e.bytesTransferred()).isZero();
            pair.left().write(new byte[] {1});
            assertThat(pair.right().read(new byte[10])).isEqualTo(1);
        }
    }

    @Test
    void gatheredBuffersAreOnePacketAndScatterAsOne() throws Exception {
        try (var pair = ConnPair.unix("unixpacket")) {
            ByteBuffer[] sources = {
                ByteBuffer.wrap(new byte[] {1, 2}),
                ByteBuffer.allocateDirect(2).put(new byte[] {3, 4}).flip()
            };
            assertThat(pair.left().write(sources)).isEqualTo(4);
            assertThat(sources[1].hasRemaining()).isFalse();
            pair.left().write(new byte[] {5});
            ByteBuffer[] targets = {ByteBuffer.allocateDirect(3), ByteBuffer.allocate(10)};
            assertThat(pair.right().read(targets)).isEqualTo(4);
            assertThat(targets[0].flip().get(2)).isEqualTo((byte) 3);
            assertThat(targets[1].position()).isEqualTo(1);
            assertThat(targets[1].get(0)).isEqualTo((byte) 4);
            assertThat(pair.right().read(new byte[10])).isEqualTo(1);
        }
    }

    @Test
    void writerThatFoundNoRoomSendsItsPacketWhole() throws Exception {
        try (var pair = ConnPair.unix("unixpacket")) {
            byte[] packet = Streams.random(20_000, 5);
            Task<Void> writer = Task.run(() -> {
                for (int i = 0; i < 50; i++) {
                    assertThat(pair.left().write(packet)).isEqualTo(packet.length);
                }
            });
            Parked.await(writer.thread());
            byte[] got = new byte[30_000];
            for (int i = 0; i < 50; i++) {
                assertThat(pair.right().read(got)).isEqualTo(packet.length);
                assertThat(got).startsWith(packet);
            }
            writer.result();
        }
    }

    @Test
    void emptyPacketLooksLikeTheEndOfStream() throws Exception {
        try (var pair = ConnPair.unix("unixpacket")) {
            assertThat(pair.left().write(new byte[0])).isZero();
            assertThat(pair.right().read(new byte[10])).isEqualTo(-1);
            pair.left().write(new byte[] {1});
            assertThat(pair.right().read(new byte[10])).isEqualTo(1);
        }
    }
}
