package heddle.gateway;

import java.time.Instant;

/**
 * A message in a store.
 *
 * @param number counts up by one from 1, in the order in which messages were taken over
 * @param stored the time of its commit, in milliseconds; may fall where the clock was set back
 * @param client the name of the client that sent it; empty if it had none, or sent it to an older server
 * @param sequence its number among those of its client, unsigned, from 1; 0 if it was a plain submit
 * @param payload its bytes; the caller's
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record StoredMessage(long number, Instant stored, String client, long sequence, byte[] payload) {}
