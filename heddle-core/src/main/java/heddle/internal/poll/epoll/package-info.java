/** A poller over epoll(7). */
@NullMarked
package heddle.internal.poll.epoll;

import org.jspecify.annotations.NullMarked;
