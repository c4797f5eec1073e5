package heddle.gateway.access;

import heddle.tls.TlsSession;
import java.util.ArrayList;
import java.util.List;
import javax.naming.InvalidNameException;
import javax.naming.NamingException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import org.jspecify.annotations.Nullable;

/**
 * Whom a client's certificate is for: the one common name (CN) of its subject; of a subject without a common name the
 * one alternative name, whether DNS, mail, URI or IP address. One with several is for nobody: it would be a choice of
 * the client's. No state.
 */
final class Certificates {

    private static final String COMMON_NAME = "CN";

    private Certificates() {}

    /** The only name that who showed this certificate may give; null if it has none, or several. */
    static @Nullable String nameOf(TlsSession session) {
        List<String> names = commonNames(session.peerSubject());
        if (names.isEmpty()) {
            names = session.peerNames();
        }
        return names.size() == 1 && !names.getFirst().isEmpty() ? names.getFirst() : null;
    }

    private static List<String> commonNames(String subject) {
        List<String> names = new ArrayList<>();
        try {
            for (Rdn part : new LdapName(subject).getRdns()) {
                var attribute = part.toAttributes().get(COMMON_NAME);
                for (int i = 0; attribute != null && i < attribute.size(); i++) {
                    // No text stands for a name that no client can have.
                    names.add(attribute.get(i) instanceof String text ? text : "");
                }
            }
        } catch (InvalidNameException malformed) {
            return List.of("");
        } catch (NamingException impossible) {
            throw new AssertionError(impossible); // Attributes in memory have no directory that could fail.
        }
        return names;
    }
}
