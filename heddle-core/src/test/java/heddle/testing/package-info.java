/**
 * What tests of all modules share: how they are marked, run, and checked for what they leave behind.
 *
 * <p>All tests, those of behaviour ({@link heddle.testing.Ways}) in each way of running Heddle: {@code mvn -pl
 * heddle-core test}. One way: with {@code -Dheddle.way=nio} (or jdk, carriers). One class: with {@code
 * -Dtest=TcpConnTest -Dsurefire.failIfNoSpecifiedTests=false}. The same tests many times, to see whether they ever
 * fail: {@code mvn -q -pl heddle-core test -Prepeat -Dtimes=20 -Dclasses=heddle.net.TcpConnTest}.
 */
@NullMarked
package heddle.testing;

import org.jspecify.annotations.NullMarked;
