/// Who runs a virtual thread, and who polls: Go's scheduler on the JVM.
///
///     Scheduler   where a runnable thread goes, where a carrier looks for one, who is woken
///     Processor   the right to run: a queue and a poller (Go's P)
///     Carrier     a platform thread that runs one processor (Go's M)
///     RunQueue    a processor's queue; others steal from it
///     Monitor     takes a processor from a carrier that is stuck in a task
///
/// Who enters: the JDK calls Scheduler.execute for each virtual thread that becomes runnable, from any thread, at times
/// from a pinned virtual one; carriers stay here for their life.
///
/// What it owes:
///
/// - nobody sleeps beside work: each carrier looks again after it said that it sleeps;
/// - execute neither blocks nor throws, as the JDK would lose the thread;
/// - no thread runs again and again while another could;
/// - a task that never ends holds its own carrier and nobody else's connection, after the hand-off limit;
/// - bounded: a queue's size, the number of carriers, the time that a spare one stays.
///
/// It does not know the poller. It calls an [IdlePoll][heddle.internal.sched.IdlePoll], which the poller implements.
@NullMarked
package heddle.internal.sched;

import org.jspecify.annotations.NullMarked;
