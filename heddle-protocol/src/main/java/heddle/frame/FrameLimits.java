package heddle.frame;

/**
 * The smallest and the largest frame that a protocol knows. Both count the whole frame, its length field included.
 *
 * @param frameBytesMin smallest {@code totalLength}, 4 or more
 * @param frameBytesMax largest {@code totalLength}; what a reader's buffer may grow to
 */
public record FrameLimits(int frameBytesMin, int frameBytesMax) {

    /** Bytes of the length field. */
    public static final int HEADER_BYTES = 4;

    /**
     * Checks the two against each other.
     *
     * @throws IllegalArgumentException the smallest is below 4, or the largest is below the smallest
     */
    public FrameLimits {
        if (frameBytesMin < HEADER_BYTES || frameBytesMax < frameBytesMin) {
            throw new IllegalArgumentException("frames from " + frameBytesMin + " to " + frameBytesMax + " bytes");
        }
    }
}
