package heddle.internal.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a number stands for, when numbers of descriptors are used again. */
class NumberTableTest {

    private static final int FD = (1 << 22) + 7;

    private final NumberTable<String> table = new NumberTable<>();

    @Test
    void whoLeftIsFoundNoMore() {
        table.put(FD, "earlier");
        assertThat(table.find(FD)).isEqualTo("earlier");
        table.remove(FD, "earlier");
        assertThat(table.find(FD)).isNull();
        table.put(FD, "later");
        assertThat(table.find(FD)).isEqualTo("later");
    }

    @Test
    void lateRemovalLeavesTheNextOneIn() {
        table.put(FD, "earlier");
        table.put(FD, "later");
        table.remove(FD, "earlier");
        assertThat(table.find(FD)).isEqualTo("later");
    }

    @Test
    void allAreShown() {
        List<String> shown = new ArrayList<>();
        table.put(0, "first");
        table.put(FD, "last");
        table.forEach(shown::add);
        assertThat(shown).containsExactly("first", "last");
    }

    @Test
    void numberThatWasNeverSeenStandsForNothing() {
        assertThat(table.find(FD + 1)).isNull();
    }
}
