/** Life of a descriptor: its lock, and try, wait, retry. */
@NullMarked
package heddle.internal.fd;

import org.jspecify.annotations.NullMarked;
