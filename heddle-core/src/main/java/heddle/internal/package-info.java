/// Picks what this JVM and this kernel allow, once a runtime, and puts the floors on each other.
///
/// `Platform` looks whether native calls are allowed, whether the kernel has epoll, and whether the JDK lets us make
/// carriers; then it chooses one of the ways of running and builds its system calls, pollers and scheduler.
/// `Settings` are what somebody may say about that, and the system properties for it.
///
/// Who enters: `heddle.net.Heddle`, to start and to close a runtime, on any thread.
///
/// What it owes:
///
/// - a way that works always: the last one needs neither native access nor a flag of the JVM;
/// - one line in the log, saying which way it is and which flag would give a better one;
/// - an end that leaves nothing: descriptors, threads, descriptors of pollers, beans, listeners of the flight recorder;
/// - no floor reaches another through here: `PackageDirectionTest` sees to it.
@NullMarked
package heddle.internal;

import org.jspecify.annotations.NullMarked;
