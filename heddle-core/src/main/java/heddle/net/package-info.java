/** Connections, listeners and dialers: all that an application imports. */
@NullMarked
package heddle.net;

import org.jspecify.annotations.NullMarked;
