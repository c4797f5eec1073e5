package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WindowTest {
    private static final byte[] MESSAGE = {1, 2, 3};

    private static long add(Window window, long number) {
        return window.add(number, MESSAGE, 0, MESSAGE.length, 0, null);
    }

    @Test
    void slotsAreBoundedByTheOldestOpenRequest() {
        var window = new Window(4, 1000, false);
        for (int i = 0; i < 4; i++) {
            assertThat(window.hasRoom(3)).isTrue();
            add(window, i);
        }
        assertThat(window.hasRoom(3)).isFalse();
        window.settle(3); // not the oldest: its slot stays taken
        assertThat(window.hasRoom(3)).isFalse();
        window.settle(1);
        assertThat(window.hasRoom(3)).isTrue();
    }

    @Test
    void bytesAreBoundedButOneMessageIsLetThrough() {
        var window = new Window(100, 10, false);
        assertThat(window.hasRoom(50)).isTrue();
        add(window, 0);
        assertThat(window.hasRoom(7)).isTrue();
        assertThat(window.hasRoom(8)).isFalse();
        window.settle(1);
        assertThat(window.hasRoom(8)).isTrue();
    }

    @Test
    void onlyWhatIsInFlightIsOpen() {
        var window = new Window(4, 1000, false);
        assertThat(window.isOpen(0)).isFalse();
        assertThat(window.isOpen(1)).isFalse();
        add(window, 7);
        assertThat(window.isOpen(1)).isTrue();
        assertThat(window.isOpen(2)).isFalse();
        assertThat(window.isOpen(5)).isFalse(); // the same slot
        assertThat(window.isOpen(Long.MIN_VALUE)).isFalse();
        window.settle(1);
        assertThat(window.isOpen(1)).isFalse();
    }

    @Test
    void whatIsOpenGetsNewIdsInItsOrder() {
        var window = new Window(8, 1000, true);
        for (int i = 0; i < 6; i++) {
            window.add(100 + i, new byte[] {(byte) i}, 0, 1, 0, null);
        }
        window.settle(1);
        window.settle(4);
        List<Long> ids = new ArrayList<>();
        List<Byte> payloads = new ArrayList<>();
        window.renumber(1, 5, (id, payload) -> {
            ids.add(id);
            payloads.add(payload[0]);
        });
        assertThat(ids).containsExactly(1L, 2L, 3L, 4L);
        assertThat(payloads).containsExactly((byte) 1, (byte) 2, (byte) 4, (byte) 5);
        assertThat(window.number(3)).isEqualTo(104);
        assertThat(window.open()).isEqualTo(4);
    }

    @Test
    void settleAllGivesTheOpenNumbersAndLeavesNothing() {
        var window = new Window(8, 1000, false);
        for (int i = 0; i < 5; i++) {
            add(window, 10 + i);
        }
        window.settle(2);
        var acks = new Acks();
        window.settleAll(acks);
        assertThat(acks.size()).isEqualTo(4);
        assertThat(acks.ids).startsWith(10, 12, 13, 14);
        assertThat(acks.results).startsWith(Result.UNKNOWN, Result.UNKNOWN, Result.UNKNOWN, Result.UNKNOWN);
        assertThat(window.open()).isZero();
        acks.clear();
        window.settleAll(acks);
        assertThat(acks.size()).isZero();
        assertThat(add(window, 20)).isEqualTo(6);
        assertThat(window.last()).isEqualTo(6);
    }

    @Test
    void settleUpToSettlesTheOldestUpToAnIdAndAsManyAsThereIsRoomForTheirAcks() {
        var window = new Window(4096, 1 << 20, false);
        window.renumber(100, 0, (id, payload) -> {});
        for (int i = 0; i < 2000; i++) {
            add(window, i);
        }
        window.settle(101);
        var acks = new Acks();
        window.settleUpTo(99, 7, acks);
        assertThat(acks.size()).isZero();
        window.settleUpTo(102, 7, acks);
        assertThat(acks.size()).isEqualTo(2);
        assertThat(acks.ids).startsWith(0, 2);
        assertThat(acks.results[1]).isEqualTo(Result.SUCCESS);
        acks.clear();
        window.settleUpTo(-1, 7, acks); // unsigned, so the highest there is
        assertThat(acks.isFull()).isTrue();
        assertThat(window.open()).isEqualTo(2000 - 3 - 1024);
        acks.clear();
        window.settleUpTo(-1, 7, acks);
        assertThat(window.open()).isZero();
    }

    @Test
    void itAgreesWithAMap() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var window = new Window(16, 200, true);
        Map<Long, Long> model = new HashMap<>();
        long number = 0;
        for (int step = 0; step < 20_000; step++) {
            int choice = random.nextInt(100);
            if (choice < 55 && window.hasRoom(3)) {
                long id = add(window, number);
                assertThat(model.put(id, number++)).as("seed %d", seed).isNull();
            } else if (choice < 98 && !model.isEmpty()) {
                var ids = new ArrayList<>(model.keySet());
                long id = ids.get(random.nextInt(ids.size()));
                assertThat(window.isOpen(id)).as("seed %d", seed).isTrue();
                assertThat(window.number(id)).as("seed %d", seed).isEqualTo(model.remove(id));
                window.settle(id);
            } else if (choice == 98) {
                Map<Long, Long> renumbered = new HashMap<>();
                window.renumber(random.nextLong(), 0, (id, payload) -> renumbered.put(id, window.number(id)));
                assertThat(renumbered.values()).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(model.values());
                model = renumbered;
            }
            assertThat(window.open()).as("seed %d", seed).isEqualTo(model.size());
        }
    }
}
