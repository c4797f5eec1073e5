package heddle.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Cites the situations that a test replays, by their ids: S1 (listen and accept), R2 (read some data) ... */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Scenario {
    /** The ids: a letter (S setting up, R reading, W writing, C sharing, E closing, P poller) and a number. */
    String[] value();
}
