/** Runs the jcstress tests that stand in the packages of what they stress, and judges what they showed. */
@NullMarked
package heddle.stress;

import org.jspecify.annotations.NullMarked;
