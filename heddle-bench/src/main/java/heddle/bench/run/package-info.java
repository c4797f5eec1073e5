/**
 * {@code heddle-bench/run}: servers of several kinds under the same load, round after round, and what that cost them.
 *
 * <p>{@link heddle.bench.run.Session} has servers (a {@link heddle.bench.run.Peer} each) take turns under
 * src/main/c/load.c, as the {@link heddle.bench.run.Scenario}s say. Each turn is a {@link
 * heddle.bench.run.Measurement}, made of what the load saw and of the kernel's counters ({@link
 * heddle.bench.run.Proc}). {@link heddle.bench.run.Turns} leaves out those that others disturbed, {@link
 * heddle.bench.run.Tables} and {@link heddle.bench.run.Plot} show the rest.
 */
@NullMarked
package heddle.bench.run;

import org.jspecify.annotations.NullMarked;
