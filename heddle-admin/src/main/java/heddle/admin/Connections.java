package heddle.admin;

import heddle.gateway.ClientStatus;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A part of the table of connections: searched, sorted and cut here, so that the page has as many rows as it shows,
 * however many there are. Any thread.
 */
final class Connections {

    static final int ROWS_MAX = 500;

    private static final Map<String, Comparator<ClientStatus>> ORDERS = Map.of(
            "peer", Comparator.comparing(ClientStatus::peer),
            "name", Comparator.comparing(ClientStatus::name, String.CASE_INSENSITIVE_ORDER),
            "since", Comparator.comparing(ClientStatus::since),
            "submits", Comparator.comparingLong(ClientStatus::submits),
            "inFlight", Comparator.comparingInt(ClientStatus::inFlight),
            "lastSequence", Comparator.comparingLong(ClientStatus::lastSequence),
            "lastError", Comparator.comparing(ClientStatus::lastError));

    private final Supplier<List<ClientStatus>> all;

    Connections(Supplier<List<ClientStatus>> all) {
        this.all = all;
    }

    /** Rows of a table, as the query of the request has it: {@code q}, {@code sort}, {@code desc}, offset, limit. */
    void write(Json json, Map<String, String> query) {
        var rows = all.get();
        String wanted = query.getOrDefault("q", "").strip().toLowerCase(Locale.ROOT);
        var order = ORDERS.getOrDefault(query.getOrDefault("sort", ""), Comparator.comparing(ClientStatus::since));
        if (query.getOrDefault("desc", "").equals("true")) {
            order = order.reversed();
        }
        var found = wanted.isEmpty()
                ? rows
                : rows.stream()
                        .filter(row -> row.name().toLowerCase(Locale.ROOT).contains(wanted)
                                || row.peer().contains(wanted)
                                || row.lastError().toLowerCase(Locale.ROOT).contains(wanted))
                        .toList();
        json.object().field("total", rows.size()).field("found", found.size()).name("rows");
        json.array();
        found.stream()
                // Equal ones keep their places from one look to the next.
                .sorted(order.thenComparingLong(ClientStatus::id))
                .skip(number(query, "offset", 0, Integer.MAX_VALUE))
                .limit(number(query, "limit", 50, ROWS_MAX))
                .forEach(row -> json.object()
                        .field("id", row.id())
                        .field("peer", row.peer())
                        .field("name", row.name())
                        .field("since", row.since().toEpochMilli())
                        .field("submits", row.submits())
                        .field("inFlight", row.inFlight())
                        // Unsigned, and beyond what a script's number holds.
                        .field("lastSequence", Long.toUnsignedString(row.lastSequence()))
                        .field("lastError", row.lastError())
                        .endObject());
        json.endArray().endObject();
    }

    private static int number(Map<String, String> query, String name, int otherwise, int max) {
        try {
            return Math.clamp(Long.parseLong(query.getOrDefault(name, "")), 0, max);
        } catch (NumberFormatException none) {
            return otherwise;
        }
    }
}
