/// Length-prefixed frames over a [Conn][heddle.net.Conn].
///
///     0       4                        totalLength
///     +-------+------------------------+
///     | total | packet                 |
///     +-------+------------------------+
///     4 bytes   totalLength - 4 bytes
///
/// `totalLength` is unsigned, big-endian, and counts the whole frame, its own 4 bytes included. A frame may arrive one
/// byte at a time or a thousand in one segment.
///
/// Who enters: the thread of a connection stays in [FrameReader][heddle.frame.FrameReader], which cuts frames without
/// copying them; any thread adds to a [FrameWriter][heddle.frame.FrameWriter], which gathers many into one write.
///
/// What it owes:
///
/// - a length is believed only within [FrameLimits][heddle.frame.FrameLimits], and no buffer grows on its word alone;
/// - a connection that is idle holds no thread for writing and at most a small buffer for reading;
/// - frames leave whole and in the order in which they were added.
///
/// It knows nothing of what a packet means, and nothing of Heddle but its public API.
@NullMarked
package heddle.frame;

import org.jspecify.annotations.NullMarked;
