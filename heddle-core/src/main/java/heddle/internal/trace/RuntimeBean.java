package heddle.internal.trace;

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
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.MBeanInfo;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.ReflectionException;
import javax.management.openmbean.CompositeDataSupport;
import javax.management.openmbean.CompositeType;
import javax.management.openmbean.OpenDataException;
import javax.management.openmbean.OpenMBeanAttributeInfo;
import javax.management.openmbean.OpenMBeanAttributeInfoSupport;
import javax.management.openmbean.OpenMBeanConstructorInfo;
import javax.management.openmbean.OpenMBeanInfoSupport;
import javax.management.openmbean.OpenMBeanOperationInfo;
import javax.management.openmbean.OpenMBeanOperationInfoSupport;
import javax.management.openmbean.OpenMBeanParameterInfo;
import javax.management.openmbean.OpenType;
import javax.management.openmbean.SimpleType;

/**
 * The managed bean: Way, Parallelism, an attribute for each {@link Counter} with its label and unit, all of them at
 * once as Counters, and the operation dump. Only open types, as an MXBean has, so that any client understands it; but
 * made from the list of counters instead of an interface, which would repeat the list and would have to be exported.
 *
 * <p>Loaded only where there is java.management. Any thread.
 */
final class RuntimeBean implements DynamicMBean {

    private static final System.Logger LOG = System.getLogger("heddle");

    private final Management.Source source;
    private final Map<String, Counter> counters = new HashMap<>();
    private final CompositeType allType;
    private final MBeanInfo info;

    private RuntimeBean(Management.Source source) throws OpenDataException {
        this.source = source;
        List<OpenMBeanAttributeInfo> attributes = new ArrayList<>();
        attributes.add(attribute("Way", "which way Heddle runs", "", SimpleType.STRING));
        attributes.add(attribute(
                "Parallelism",
                "processors of Heddle's scheduler; 0 if threads run on the JDK's",
                "processors",
                SimpleType.INTEGER));
        for (Counter counter : Counter.values()) {
            String name = attributeName(counter);
            counters.put(name, counter);
            attributes.add(attribute(name, counter.label(), counter.unit(), SimpleType.LONG));
        }
        allType = allType();
        attributes.add(attribute("Counters", "all counters at once", "", allType));
        OpenMBeanOperationInfo dump = new OpenMBeanOperationInfoSupport(
                "dump",
                "what every thread does, as a text",
                new OpenMBeanParameterInfo[0],
                SimpleType.STRING,
                MBeanOperationInfo.INFO);
        info = new OpenMBeanInfoSupport(
                RuntimeBean.class.getName(),
                "Heddle: blocking sockets for virtual threads",
                attributes.toArray(OpenMBeanAttributeInfo[]::new),
                new OpenMBeanConstructorInfo[0],
                new OpenMBeanOperationInfo[] {dump},
                null);
    }

    /**
     * Makes a bean of {@code source} and registers it, unless there is one of that name. What it returns takes it out
     * again.
     */
    static Runnable register(String name, Management.Source source) {
        try {
            MBeanServer server = ManagementFactory.getPlatformMBeanServer();
            ObjectName registered = new ObjectName(name);
            server.registerMBean(new RuntimeBean(source), registered);
            return () -> unregister(server, registered);
        } catch (InstanceAlreadyExistsException anotherCopy) {
            LOG.log(System.Logger.Level.DEBUG, name + " shows the Heddle of another class loader of this JVM");
        } catch (JMException failure) {
            LOG.log(System.Logger.Level.WARNING, "no " + name + " for management", failure);
        }
        return () -> {};
    }

    private static void unregister(MBeanServer server, ObjectName name) {
        try {
            server.unregisterMBean(name);
        } catch (JMException gone) {
            LOG.log(System.Logger.Level.DEBUG, name + " was taken out by somebody else", gone);
        }
    }

    private static OpenMBeanAttributeInfo attribute(String name, String description, String unit, OpenType<?> type) {
        return new OpenMBeanAttributeInfoSupport(
                name,
                description,
                type,
                true,
                false,
                false,
                new ImmutableDescriptor(unit.isEmpty() ? Map.of() : Map.of("units", unit)));
    }

    private static CompositeType allType() throws OpenDataException {
        Counter[] all = Counter.values();
        String[] ids = new String[all.length];
        String[] labels = new String[all.length];
        OpenType<?>[] types = new OpenType<?>[all.length];
        for (int i = 0; i < all.length; i++) {
            ids[i] = all[i].id();
            labels[i] = all[i].label() + ", in " + all[i].unit();
            types[i] = SimpleType.LONG;
        }
        return new CompositeType("heddle.Counters", "all counters", ids, labels, types);
    }

    /** {@code given.up} as {@code GivenUp}, the custom for attributes. */
    private static String attributeName(Counter counter) {
        StringBuilder name = new StringBuilder();
        for (String word : counter.id().split("\\.", -1)) {
            name.append(Character.toUpperCase(word.charAt(0))).append(word, 1, word.length());
        }
        return name.toString();
    }

    @Override
    public Object getAttribute(String name) throws AttributeNotFoundException, ReflectionException {
        Counter counter = counters.get(name);
        if (counter != null) {
            return source.counters().value(counter);
        }
        return switch (name) {
            case "Way" -> source.way();
            case "Parallelism" -> source.parallelism();
            case "Counters" -> all();
            default -> throw new AttributeNotFoundException("no attribute " + name);
        };
    }

    private CompositeDataSupport all() throws ReflectionException {
        Map<String, Object> values = new HashMap<>();
        for (Counter counter : Counter.values()) {
            values.put(counter.id(), source.counters().value(counter));
        }
        try {
            return new CompositeDataSupport(allType, values);
        } catch (OpenDataException mistake) {
            throw new ReflectionException(mistake);
        }
    }

    @Override
    public AttributeList getAttributes(String[] names) {
        AttributeList found = new AttributeList();
        for (String name : names) {
            try {
                found.add(new Attribute(name, getAttribute(name)));
            } catch (AttributeNotFoundException | ReflectionException missing) {
                // As the interface has it: what is missing in the answer could not be read.
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
        if (name.equals("dump") && (arguments == null || arguments.length == 0)) {
            return source.dump().get();
        }
        throw new ReflectionException(new NoSuchMethodException(name));
    }

    @Override
    public MBeanInfo getMBeanInfo() {
        return info;
    }
}
