package heddle.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Cites the behaviours of Go's sockets that a test or a jcstress class shows, by their numbers in behaviours.txt. */
@Documented
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface Behaviour {
    /** The numbers, 1 to 220. */
    int[] value();
}
