/** Wires the floors together. */
@NullMarked
package heddle.internal;

import org.jspecify.annotations.NullMarked;
