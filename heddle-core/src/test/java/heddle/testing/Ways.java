package heddle.testing;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks tests of behaviour, which the build runs once for each way of running Heddle (carriers, jdk, nio), in a JVM of its own. The
 * test methods run on a virtual thread of Heddle's, and end within a minute or fail with a dump of all threads.
 */
@Documented
@Inherited
@Tag("ways")
@Timeout(60)
@ExtendWith(OnVirtualThread.class)
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface Ways {}
