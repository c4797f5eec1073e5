/// Time as a parameter: the one way by which Heddle reads a clock and waits for one.
///
///     Clock         what time it is, how to wait
///     ManualClock   one that a test moves
///
/// Who enters: every floor that knows deadlines or pauses; programs that want to be tested without waiting.
///
/// What it owes: nobody sleeps past its time, whichever clock it is. What measures the computer itself is not among it
/// and reads [System#nanoTime()]: how long a task has held a carrier, how long a thread in a dump has waited, what a
/// benchmark takes.
@NullMarked
package heddle.time;

import org.jspecify.annotations.NullMarked;
