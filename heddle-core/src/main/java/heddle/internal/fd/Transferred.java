package heddle.internal.fd;

/**
 * How a transfer from a descriptor ended.
 *
 * @param bytes what the target took
 * @param failure 0 at the end of the stream or of what was asked for; else {@code -errno} or a constant of {@link
 *     Result}
 * @param byTarget whether the target failed, and not the source
 */
public record Transferred(long bytes, int failure, boolean byTarget) {}
