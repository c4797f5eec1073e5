package heddle.testing;

import heddle.net.Way;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Marks a test, or class of tests, that {@link Ways} runs in all ways but one, which has no such thing. */
@Documented
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
public @interface NotIn {

    /** The way. */
    Way value();

    /** What it has not. */
    String because();
}
