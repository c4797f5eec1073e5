package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.internal.trace.Counter;
import heddle.testing.Await;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import javax.management.Attribute;
import javax.management.AttributeNotFoundException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.Query;
import javax.management.ReflectionException;
import javax.management.openmbean.CompositeData;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The managed bean, as a management tool sees it. */
@Ways
class ManagementTest {

    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    private ObjectName name;

    /** Of the runtime under test: no other that is numbered runs in the same way just now. */
    @BeforeEach
    void awaitBean() throws Exception {
        var numbered = new ObjectName("dev.heddle:type=Runtime,id=*");
        String way = Runtimes.current().describe();
        var ofTheWay = Query.eq(Query.attr("Way"), Query.value(way));
        Await.until(
                "one bean of way " + way,
                () -> server.queryNames(numbered, ofTheWay).size() == 1);
        name = server.queryNames(numbered, ofTheWay).iterator().next();
    }

    @Test
    void theSharedOneHasNoNumber() throws Exception {
        assertThat(Heddle.shared().describe()).isNotEmpty();
        var shared = new ObjectName("dev.heddle:type=Runtime");
        Await.until(shared + " is registered", () -> server.isRegistered(shared));
        assertThat(server.getAttribute(shared, "Way")).isEqualTo(Heddle.shared().describe());
    }

    @Test
    void wayAndParallelismAreAttributes() throws Exception {
        assertThat(server.getAttribute(name, "Way"))
                .isEqualTo(Runtimes.current().describe());
        Object parallelism = server.getAttribute(name, "Parallelism");
        assertThat(Runtimes.current().describe().contains("carriers of its own (" + parallelism + ")"))
                .isEqualTo(!parallelism.equals(0));
    }

    @Test
    void everyCounterIsAnAttributeWithItsLabelAndUnit() throws Exception {
        var attributes = Arrays.asList(server.getMBeanInfo(name).getAttributes());
        for (Counter counter : Counter.values()) {
            assertThat(attributes).as(counter.id()).anySatisfy(attribute -> {
                assertThat(attribute.getDescription()).isEqualTo(counter.label());
                assertThat(attribute.getDescriptor().getFieldValue("units")).isEqualTo(counter.unit());
            });
        }
        var names = attributes.stream().map(MBeanAttributeInfo::getName).toArray(String[]::new);
        assertThat(names).contains("Parks", "GivenUp", "WakeUps");
        assertThat(server.getAttributes(name, names)).hasSameSizeAs(names);
    }

    @Test
    void countersComeAtOnce() throws Exception {
        try (var pair = ConnPair.tcp()) {
            var counters = (CompositeData) server.getAttribute(name, "Counters");
            assertThat(counters.getCompositeType().keySet()).hasSize(Counter.values().length);
            assertThat((Long) counters.get("descriptors")).isGreaterThanOrEqualTo(2);
            assertThat((Long) counters.get("accepted")).isPositive();
            assertThat(pair.left().isOpen()).isTrue();
        }
    }

    @Test
    void theDumpIsAnOperation() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            assertThat((String) server.invoke(name, "dump", null, null))
                    .contains(" IO wait, read " + pair.left() + ", ");
            pair.right().close();
            reader.result();
        }
    }

    @Test
    void whatIsNotThereIsAnErrorOfTheBean() {
        assertThatThrownBy(() -> server.getAttribute(name, "Temperature"))
                .isInstanceOf(AttributeNotFoundException.class);
        assertThatThrownBy(() -> server.setAttribute(name, new Attribute("Parks", 1L)))
                .isInstanceOf(AttributeNotFoundException.class);
        assertThatThrownBy(() -> server.invoke(name, "restart", null, null)).isInstanceOf(ReflectionException.class);
    }
}
