package heddle.internal.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The probe of the JDK's inside, on this JDK and on ones that changed it. */
class VirtualThreadsTest {

    @Test
    void thisJdkHasWhatItTakes() {
        VirtualThreads.Probe probe = VirtualThreads.probe();
        assertThat(probe.threads()).isNotNull();
        assertThat(probe.reason()).isEmpty();
    }

    @Test
    void classThatIsGoneIsAReason() {
        VirtualThreads.Probe probe = VirtualThreads.probe("java.lang.Gone", "currentCarrierThread");
        assertThat(probe.threads()).isNull();
        assertThat(probe.reason()).isEqualTo("this JDK has no virtual threads on another scheduler: java.lang.Gone");
    }

    @Test
    void methodThatIsGoneIsAReason() {
        VirtualThreads.Probe probe = VirtualThreads.probe("java.lang.ThreadBuilders$VirtualThreadBuilder", "gone");
        assertThat(probe.threads()).isNull();
        assertThat(probe.reason()).startsWith("this JDK has no virtual threads on another scheduler: ");
    }

    @Test
    void constructorOfAnotherShapeIsAReason() {
        VirtualThreads.Probe probe = VirtualThreads.probe("java.lang.StringBuilder", "currentCarrierThread");
        assertThat(probe.threads()).isNull();
        assertThat(probe.reason()).startsWith("this JDK has no virtual threads on another scheduler: ");
    }
}
