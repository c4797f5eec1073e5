/** The system calls that Heddle makes, and their errors, free of any system. */
@NullMarked
package heddle.internal.sys;

import org.jspecify.annotations.NullMarked;
