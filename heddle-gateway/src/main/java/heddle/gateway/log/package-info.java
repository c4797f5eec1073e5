/// The log of a data folder: messages in files of a fixed size, which are written ahead with zeros, so that a commit is
/// one write and one fdatasync, and nothing of the file system's own.
///
///     DATA/log/00000000000000000001.log    a segment, named by the number of its first message
///     DATA/log/00000000000000000001.index  of one that is full: where each 256 KiB begins; can be made anew
///     DATA/log/mark                        how far it may be read, and was synced
///     DATA/log/spare                       the next segment, full of zeros
///
/// One thread writes, by a [LogWriter][heddle.gateway.log.LogWriter]; [Upkeep][heddle.gateway.log.Upkeep] makes
/// segments ahead, and drops old ones. Any process reads beside it, by a [LogReader][heddle.gateway.log.LogReader].
/// What is in a segment, byte by byte, is at [Block][heddle.gateway.log.Block].
///
/// What it owes:
///
/// - a commit that was synced is there after any crash, whole; one that was not is there whole, or not at all;
/// - numbers count up by one from 1; one that cannot be read any more is named, to the log and to each reader;
/// - damage costs the messages that it hits, and no others: a segment can be read on behind any of it.
@NullMarked
package heddle.gateway.log;

import org.jspecify.annotations.NullMarked;
