/** The communication server: sessions, packets and the sinks that keep what was submitted. */
@NullMarked
package heddle.gateway;

import org.jspecify.annotations.NullMarked;
