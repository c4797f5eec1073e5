/// What a runtime lets others see of itself: one `Trace` each, which holds the rest.
///
///     Counter, Counters, Tally   what is counted, by whom; summed when read
///     Waits                      who waits for something else than readiness
///     Dump                       what every thread waits for, as text for people
///     Recorder, JfrRecorder      events for the flight recorder
///     Management, RuntimeBean    a managed bean with all of it
///
/// Who enters: every floor, to count and to tell; whoever asks, on any thread.
///
/// What it owes:
///
/// - watching must not disturb: a count costs an add on a cache line of its own writer, an event that nobody records a
///   load;
/// - java.management and jdk.jfr may be missing: their parts are loaded only where they are there.
///
/// `docs/observability.md` is the user's view.
@NullMarked
package heddle.internal.trace;

import org.jspecify.annotations.NullMarked;
