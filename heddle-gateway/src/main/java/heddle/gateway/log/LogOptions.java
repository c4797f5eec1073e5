package heddle.gateway.log;

import heddle.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a log is written.
 *
 * @param who begins each line in the server's log
 * @param always whether each commit is synced before it returns
 * @param segmentBytes of a segment; smaller if a bound would hold less than {@link #SEGMENTS_MIN} of them
 * @param bytesMax most bytes of all segments
 * @param keepBytes from here on the oldest segments are dropped
 * @param keepFor from this age on segments are dropped; null for never
 * @param clock what times go by
 */
public record LogOptions(
        String who,
        boolean always,
        long segmentBytes,
        long bytesMax,
        long keepBytes,
        @Nullable Duration keepFor,
        Clock clock) {

    private static final long SEGMENT_BYTES_MIN = 64 << 10;

    /** So many segments at least make up what is bounded: a bound is kept by whole segments. */
    private static final int SEGMENTS_MIN = 4;

    public LogOptions {
        if (keepBytes != Long.MAX_VALUE) {
            keepBytes = Math.min(keepBytes, bytesMax); // else the bound would refuse what retention makes room for
        }
        long bound = Math.min(bytesMax, keepBytes) / SEGMENTS_MIN & -4096L;
        segmentBytes = Math.max(SEGMENT_BYTES_MIN, Math.min(segmentBytes, bound));
    }
}
