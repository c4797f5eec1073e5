/** The only foreign-function code: bindings, struct layouts, constants of Linux. */
@NullMarked
package heddle.internal.sys.linux;

import org.jspecify.annotations.NullMarked;
