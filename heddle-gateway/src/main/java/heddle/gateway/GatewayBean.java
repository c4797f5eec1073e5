package heddle.gateway;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.management.Attribute;
import javax.management.AttributeList;
import javax.management.AttributeNotFoundException;
import javax.management.DynamicMBean;
import javax.management.ImmutableDescriptor;
import javax.management.JMException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanInfo;
import javax.management.ObjectName;
import javax.management.ReflectionException;

/**
 * A gateway's counters for management tools: an attribute for each {@link Counter}, with its label and unit. Made from
 * the list of counters instead of an interface, which would repeat the list.
 *
 * <p>Loaded only where there is java.management. Any thread.
 */
final class GatewayBean implements DynamicMBean {

    private static final Logger LOG = System.getLogger("heddle.gateway");

    private final Counters counters;
    private final Map<String, Counter> byName = new HashMap<>();
    private final MBeanInfo info;

    private GatewayBean(Counters counters) {
        this.counters = counters;
        List<MBeanAttributeInfo> attributes = new ArrayList<>();
        for (Counter counter : Counter.values()) {
            String name = attributeName(counter);
            byName.put(name, counter);
            attributes.add(new MBeanAttributeInfo(
                    name,
                    "long",
                    counter.label(),
                    true,
                    false,
                    false,
                    new ImmutableDescriptor(Map.of("units", counter.unit()))));
        }
        this.info = new MBeanInfo(
                GatewayBean.class.getName(),
                "What a gateway has counted since its start",
                attributes.toArray(MBeanAttributeInfo[]::new),
                null,
                null,
                null);
    }

    /** Shows {@code counters} as the gateway at {@code address}. The result takes them away again; any thread, once. */
    static Runnable register(String address, Counters counters) {
        try {
            var name = new ObjectName("dev.heddle:type=Gateway,address=" + ObjectName.quote(address));
            var server = ManagementFactory.getPlatformMBeanServer();
            server.registerMBean(new GatewayBean(counters), name);
            return () -> {
                try {
                    server.unregisterMBean(name);
                } catch (JMException gone) {
                    LOG.log(Level.DEBUG, "no " + name + " to take away", gone);
                }
            };
        } catch (JMException failure) {
            LOG.log(Level.WARNING, "no managed bean for the gateway at " + address, failure);
            return () -> {};
        }
    }

    /** {@code error.too.long} as {@code ErrorTooLong}, the custom for attributes. */
    private static String attributeName(Counter counter) {
        var name = new StringBuilder();
        for (String word : counter.id().split("\\.", -1)) {
            name.append(Character.toUpperCase(word.charAt(0))).append(word, 1, word.length());
        }
        return name.toString();
    }

    @Override
    public Object getAttribute(String name) throws AttributeNotFoundException {
        var counter = byName.get(name);
        if (counter == null) {
            throw new AttributeNotFoundException("no attribute " + name);
        }
        return counters.value(counter);
    }

    @Override
    public AttributeList getAttributes(String[] names) {
        var found = new AttributeList();
        for (String name : names) {
            var counter = byName.get(name);
            if (counter != null) {
                found.add(new Attribute(name, counters.value(counter)));
            }
        }
        return found;
    }

    @Override
    public void setAttribute(Attribute attribute) throws AttributeNotFoundException {
        throw new AttributeNotFoundException("no attribute can be set");
    }

    @Override
    public AttributeList setAttributes(AttributeList attributes) {
        return new AttributeList();
    }

    @Override
    public Object invoke(String name, Object[] arguments, String[] signature) throws ReflectionException {
        throw new ReflectionException(new NoSuchMethodException(name));
    }

    @Override
    public MBeanInfo getMBeanInfo() {
        return info;
    }
}
