/** Readiness, parking and deadlines, free of any system. */
@NullMarked
package heddle.internal.poll;

import org.jspecify.annotations.NullMarked;
