/**
 * The situations that a user of Heddle's model meets, played on real sockets of this machine, so that a person can
 * watch them.
 *
 * <p>A {@link heddle.lab.Situation} is a play and a judge. The play makes calls on a {@link heddle.lab.Stage}, which
 * writes each of them into a {@link heddle.lab.Trace}; the judge reads the trace alone, so it can judge another
 * process's, a Go program's too.
 */
@NullMarked
package heddle.lab;

import org.jspecify.annotations.NullMarked;
