/// The communication server seen from outside: an [Admin] shows a [Gateway][heddle.gateway.Gateway] by HTTP.
///
///     /health      200 while the process answers and its store has not failed
///     /ready       200 while the server takes connections and messages; else 503 and the reason as text
///     /metrics     Prometheus' text format
///     /            the page: charts, connections, recent errors, drain
///     /api/...     what the page asks for, JSON
///
/// [GatewayMeters] binds the same numbers to any registry of Micrometer's. [JsonFormatter] writes the log as a JSON
/// object a line.
///
/// Who enters: HTTP's threads are virtual, of the gateway's runtime; one more, `heddle-history`, takes a sample a
/// second. None of them is on a message's way: all that they show is counted anyway, and read when somebody asks.
///
/// What it owes: without a token it answers loopback alone; it changes nothing but by a POST from its own page; what
/// clients say of themselves is text and never markup.
@NullMarked
package heddle.admin;

import org.jspecify.annotations.NullMarked;
