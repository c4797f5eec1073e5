/** Load generators and the benchmarks whose figures docs/performance.md states. */
@NullMarked
package heddle.bench;

import org.jspecify.annotations.NullMarked;
