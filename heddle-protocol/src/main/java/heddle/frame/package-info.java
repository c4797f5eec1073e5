/** Length-prefixed frames over a connection. */
@NullMarked
package heddle.frame;

import org.jspecify.annotations.NullMarked;
