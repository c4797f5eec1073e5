/** {@link heddle.internal.sys.Syscalls} on the JDK's channels, for any system and without native access. */
@NullMarked
package heddle.internal.sys.nio;

import org.jspecify.annotations.NullMarked;
