/** A server: accept loop, one virtual thread a connection, graceful stop. */
@NullMarked
package heddle.server;

import org.jspecify.annotations.NullMarked;
