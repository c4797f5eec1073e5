/**
 * Length-prefixed frames over a {@link heddle.net.Conn}.
 *
 * <pre>
 *    0       4                        totalLength
 *    +-------+------------------------+
 *    | total | packet                 |
 *    +-------+------------------------+
 *    4 bytes   totalLength - 4 bytes
 * </pre>
 *
 * {@code totalLength} is unsigned, big-endian, and counts the whole frame, its own 4 bytes included. A frame may arrive one byte
 * at a time or a thousand in one segment. {@link heddle.frame.FrameReader} cuts them without copying, {@link
 * heddle.frame.FrameWriter} gathers many into one write.
 */
@NullMarked
package heddle.frame;

import org.jspecify.annotations.NullMarked;
