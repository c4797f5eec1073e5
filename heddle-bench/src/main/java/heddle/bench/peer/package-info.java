/**
 * The servers written in Java that {@code heddle-bench/run} measures. Each is a main class with the arguments {@code
 * ROLE NETWORK ADDRESS PROCESSORS BUFFER}; how each is started is a line in peers.conf. Those in C and Go do the same.
 */
@NullMarked
package heddle.bench.peer;

import org.jspecify.annotations.NullMarked;
