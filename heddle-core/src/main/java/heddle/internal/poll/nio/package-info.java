/** A poller over the JDK's Selector. */
@NullMarked
package heddle.internal.poll.nio;

import org.jspecify.annotations.NullMarked;
