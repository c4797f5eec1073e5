package heddle.admin;

import com.sun.net.httpserver.Headers;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Who may see and do what. Any thread.
///
/// 1. With a token, a request has it as `Authorization: Bearer`, or a cookie that a login with it gave. The cookie is
///    SameSite=Strict and HttpOnly, holds half a day, and no longer than the token or this process.
/// 2. Without one, the request must name this machine by a name that only it has: localhost or a loopback address. A
///    page from elsewhere whose name was made to mean 127.0.0.1 (DNS rebinding) names itself.
/// 3. What changes something is a POST, and where the browser says where it comes from (Sec-Fetch-Site, Origin), that
///    is this page. So no page from elsewhere can send it (cross-site request forgery). What is no browser may.
final class Guard {

    private static final Duration COOKIE_AGE = Duration.ofHours(12);

    /** A host and a port, or a host alone; RFC 9110, section 7.2. */
    private static final Pattern HOST = Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[^\\[\\]:]+)(?::[0-9]{1,5})?");

    private static final Pattern DIGITS = Pattern.compile("127(\\.[0-9]{1,3}){3}");

    /** Requests that were refused. */
    final LongAdder refused = new LongAdder();

    private final String cookieName;
    private final byte[] key = new byte[32];

    /** Null for none. Written by whoever reloads, read by any thread. */
    private volatile @Nullable AdminToken token;

    /** Cookies go by host alone, so the port is in their names: servers of one machine do not log each other out. */
    Guard(int port, @Nullable AdminToken token) {
        this.cookieName = "heddle-" + port;
        this.token = token;
        new SecureRandom().nextBytes(key);
    }

    void token(@Nullable AdminToken changed) {
        token = changed;
    }

    boolean wantsToken() {
        return token != null;
    }

    /** Whether a request with these headers may see anything. */
    boolean mayRead(Headers headers) {
        var wanted = token;
        return wanted == null ? namesThisMachine(headers) : hasToken(headers, wanted);
    }

    private static boolean namesThisMachine(Headers headers) {
        List<String> hosts = headers.getOrDefault("Host", List.of());
        if (hosts.size() != 1) {
            return false;
        }
        var parts = HOST.matcher(hosts.getFirst());
        if (!parts.matches()) {
            return false;
        }
        String host = parts.group(1);
        if (host.equalsIgnoreCase("localhost") || DIGITS.matcher(host).matches()) {
            return true;
        }
        try {
            return host.startsWith("[")
                    && InetAddress.ofLiteral(host.substring(1, host.length() - 1))
                            .isLoopbackAddress();
        } catch (IllegalArgumentException e) {
            return false; // no address, as [:::]
        }
    }

    private boolean hasToken(Headers headers, AdminToken wanted) {
        String authorization = headers.getFirst("Authorization");
        if (authorization != null && authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
            return wanted.is(authorization.substring(7).strip());
        }
        long now = System.currentTimeMillis() / 1000;
        for (String line : headers.getOrDefault("Cookie", List.of())) {
            for (String cookie : line.split(";", -1)) {
                int at = cookie.indexOf('=');
                if (at > 0
                        && cookie.substring(0, at).strip().equals(cookieName)
                        && wanted.accepts(key, cookie.substring(at + 1).strip(), now)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether a POST comes from this page, or from no page at all. */
    static boolean isOwn(Headers headers) {
        String site = headers.getFirst("Sec-Fetch-Site");
        if (site != null && !site.equals("same-origin")) {
            return false;
        }
        String origin = headers.getFirst("Origin");
        String host = headers.getFirst("Host");
        return origin == null
                || (host != null
                        && (origin.equalsIgnoreCase("http://" + host) || origin.equalsIgnoreCase("https://" + host)));
    }

    /** The cookie of a login; null if what was given is not the token. */
    @Nullable
    String login(String given) {
        var wanted = token;
        if (wanted == null || !wanted.is(given)) {
            return null;
        }
        String value = wanted.cookie(key, System.currentTimeMillis() / 1000 + COOKIE_AGE.toSeconds());
        return cookie(value, COOKIE_AGE.toSeconds());
    }

    /** The cookie that takes the other away. */
    String logout() {
        return cookie("", 0);
    }

    private String cookie(String value, long maxAgeSeconds) {
        return cookieName + "=" + value + "; Path=/; Max-Age=" + maxAgeSeconds + "; SameSite=Strict; HttpOnly";
    }
}
