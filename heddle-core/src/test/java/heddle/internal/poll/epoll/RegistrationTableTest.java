package heddle.internal.poll.epoll;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.Platform;
import heddle.internal.poll.Registration;
import heddle.testing.Behaviour;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which registration an event is for, when numbers of descriptors are used again. */
class RegistrationTableTest {

    /** A number that no descriptor of this process has: the limit is below it. */
    private static final int FD = (1 << 22) + 7;

    private final Registration earlier = new Registration(FD, Platform.current().pollers());
    private final Registration later = new Registration(FD, Platform.current().pollers());

    @AfterEach
    void leave() {
        RegistrationTable.remove(earlier);
        RegistrationTable.remove(later);
    }

    @Test
    @Behaviour(209)
    void eventForAnEarlierDescriptorOfTheSameNumberFindsNobody() {
        RegistrationTable.put(earlier);
        assertThat(RegistrationTable.find(FD, earlier.generation())).isSameAs(earlier);
        RegistrationTable.remove(earlier);
        RegistrationTable.put(later);
        assertThat(RegistrationTable.find(FD, earlier.generation())).isNull();
        assertThat(RegistrationTable.find(FD, later.generation())).isSameAs(later);
    }

    @Test
    void lateRemovalLeavesTheNextOneIn() {
        RegistrationTable.put(earlier);
        RegistrationTable.put(later);
        RegistrationTable.remove(earlier);
        assertThat(RegistrationTable.find(FD, later.generation())).isSameAs(later);
    }

    @Test
    void numberThatWasNeverSeenFindsNobody() {
        assertThat(RegistrationTable.find(FD + 1, 1)).isNull();
    }
}
