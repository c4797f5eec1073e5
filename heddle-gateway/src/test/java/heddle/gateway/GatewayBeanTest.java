package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Await;
import java.lang.management.ManagementFactory;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A gateway's counters, as management tools see them. */
@Timeout(60)
class GatewayBeanTest {
    private final ManualSink sink = new ManualSink();

    @Test
    void eachCounterIsAnAttributeWhileTheGatewayServes() throws Exception {
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        ObjectName name;
        try (var gateway = new RunningGateway(sink, new GatewayOptions())) {
            name = new ObjectName("dev.heddle:type=Gateway,address=\"" + gateway.address + "\"");
            Await.until(name + " is there", () -> beans.isRegistered(name));
            gateway.dialIntroduced();
            gateway.await(Counter.INTRODUCED, 1);
            assertThat(beans.getAttribute(name, "Introduced")).isEqualTo(1L);
            assertThat(beans.getAttribute(name, "ErrorTooLong")).isEqualTo(0L);
            MBeanAttributeInfo[] all = beans.getMBeanInfo(name).getAttributes();
            assertThat(all).hasSize(Counter.values().length);
            for (MBeanAttributeInfo one : all) {
                assertThat(one.getDescription()).isNotBlank();
                assertThat(one.getDescriptor().getFieldValue("units")).isNotNull();
                assertThat(beans.getAttribute(name, one.getName())).isInstanceOf(Long.class);
            }
        } finally {
            sink.end();
        }
        assertThat(beans.isRegistered(name)).isFalse();
    }
}
