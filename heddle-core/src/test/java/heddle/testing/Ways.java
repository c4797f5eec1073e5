package heddle.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.ClassTemplate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Marks tests of behaviour, which run once for each way of running Heddle (carriers, jdk, nio; in the profile thorough
 * uring too), one after the other in one JVM, or with -Dheddle.way=nio in that way alone. They use {@link Runtimes},
 * where others use {@code Net}. The test methods run on a virtual thread of that runtime, and end within a minute or
 * fail with a dump of all threads. Reports number the ways: a test with [2] behind its name ran in way jdk.
 *
 * <p>What the class keeps in static fields and does in {@code @BeforeAll} is for all ways together.
 */
@Documented
@Inherited
@Tag("ways")
@Timeout(60)
@ClassTemplate
@ExtendWith({EachWay.class, OnVirtualThread.class})
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface Ways {}
