/** Who runs a virtual thread, and who polls. */
@NullMarked
package heddle.internal.sched;

import org.jspecify.annotations.NullMarked;
