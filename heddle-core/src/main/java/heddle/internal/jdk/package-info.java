/** The one place that asks for the JDK's non-public members. */
@NullMarked
package heddle.internal.jdk;

import org.jspecify.annotations.NullMarked;
