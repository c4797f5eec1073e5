/**
 * Benchmarks of single calls and of deadlines, whose figures docs/performance.md states; heddle.bench.run measures
 * whole servers.
 */
@NullMarked
package heddle.bench;

import org.jspecify.annotations.NullMarked;
