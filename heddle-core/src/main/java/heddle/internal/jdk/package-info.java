/// What Heddle takes from inside the JDK, and nothing else does: `PackageDirectionTest` finds reflection anywhere else.
///
/// [VirtualThreads][heddle.internal.jdk.VirtualThreads] makes virtual threads that a scheduler of ours runs.
/// [LiveThreads][heddle.internal.jdk.LiveThreads] lists the virtual threads of the JVM, for the dump.
///
/// Who enters: `Platform` at the start, the scheduler, and whoever makes a dump.
///
/// What it owes:
///
/// - an answer, never a crash: each class has a `probe()`, which says why a member is not to be had. Without the first
///   Heddle runs on the JDK's scheduler, without the second a dump lists only those who wait in Heddle;
/// - members are found by their shape, so that a JDK which changed them is noticed at the start and not in the middle.
///
/// The application opens this room: `--add-opens java.base/java.lang=heddle.core`.
@NullMarked
package heddle.internal.jdk;

import org.jspecify.annotations.NullMarked;
