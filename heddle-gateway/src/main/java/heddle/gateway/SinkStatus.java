package heddle.gateway;

/**
 * How a {@link Sink} is, at an instant.
 *
 * @param failed it has ended by itself, and takes nothing ever again
 * @param trouble why it takes no messages now; empty if it takes them
 * @param messages how many are in it, not settled yet
 * @param messagesMax how many may be
 * @param bytes what these take of its room
 * @param bytesMax how much room there is
 * @param storeBytes what the files of its store have; 0 without a store
 * @param storeFreeBytes what the disk has left for it; 0 without a store
 * @param memoryBytesMax most memory that messages on their way ever take in it
 */
public record SinkStatus(
        boolean failed,
        String trouble,
        long messages,
        long messagesMax,
        long bytes,
        long bytesMax,
        long storeBytes,
        long storeFreeBytes,
        long memoryBytesMax) {

    /** Of a sink that says nothing of itself. */
    static final SinkStatus UNKNOWN = new SinkStatus(false, "", 0, 0, 0, 0, 0, 0, 0);
}
