/** What Heddle lets others see of itself: counters, waits, the dump, the flight recorder's events and a managed bean. */
@NullMarked
package heddle.internal.trace;

import org.jspecify.annotations.NullMarked;
