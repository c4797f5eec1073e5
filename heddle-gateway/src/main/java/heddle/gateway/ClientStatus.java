package heddle.gateway;

import java.time.Instant;

/**
 * How a connection of a {@link Gateway} is, at an instant. Peer and name are the client's to choose: escape them
 * wherever they are shown.
 *
 * @param id for {@link Gateway#closeClient}; counts up from 1 since the start
 * @param peer the client's address
 * @param name what it calls itself; empty before it has introduced itself
 * @param since when it was accepted
 * @param submits messages that it has sent
 * @param inFlight those of them that are not settled yet
 * @param lastSequence the highest number of those sent once; 0 if there are none
 * @param lastError the last failure of its own, or refusal of a message; empty if there was none
 */
public record ClientStatus(
        long id,
        String peer,
        String name,
        Instant since,
        long submits,
        int inFlight,
        long lastSequence,
        String lastError) {}
