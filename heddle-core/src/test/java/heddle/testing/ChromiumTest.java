package heddle.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the tests of pages rely on. */
@Timeout(60)
@Tag("thorough")
class ChromiumTest {

    @TempDir
    private Path profile;

    private Chromium start() throws Exception {
        return new Chromium(
                Chromium.find().orElseGet(() -> Assumptions.abort("no chromium on the PATH (apt install chromium)")),
                profile);
    }

    /** By what is really behind it: a half transparent colour over others, a bar below a label. */
    @Test
    void aTextThatCannotBeReadIsNamed() throws Exception {
        String page = """
                <style>.bar, .over { position: absolute; top: 200px; left: 0; width: 300px; height: 40px }</style>
                <p style="color: #767676">4.54 to 1</p>
                <p style="color: #777777">grey</p>
                <div style="background: black"><p style="background: rgb(255 255 255 / 60%); color: #777">veil</p></div>
                <div style="background: black"><p style="background: rgb(255 255 255 / 60%); color: #000">black</p></div>
                <div><div class="bar" style="background: #000"></div><div class="over" style="color: #fff">label</div></div>
                <svg><text y="20" style="fill: #eee; color: #000">drawn</text></svg>
                <p hidden style="color: #fff">hidden</p>
                """;
        try (var browser = start()) {
            browser.load(URI.create("data:text/html;base64,"
                    + Base64.getEncoder().encodeToString(page.getBytes(StandardCharsets.UTF_8))));
            assertThat(browser.lowContrast().lines())
                    .satisfiesExactly(
                            grey -> assertThat(grey).isEqualTo("4.48: p. 'grey'"),
                            veil -> assertThat(veil).endsWith("p. 'veil'"),
                            drawn -> assertThat(drawn).endsWith("text. 'drawn'"));
        }
    }

    /** The browser ends a look in about one navigation of ten; this goes on until it has. */
    @Test
    void aLookThatANavigationEndsIsMadeAgain() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("0.0.0.0", 0), 0);
        server.createContext("/", request -> {
            request.sendResponseHeaders(200, -1);
            request.close();
        });
        server.start();
        var looks = new AtomicInteger();
        try (var browser = start()) {
            for (int navigations = 0; looks.get() == navigations; navigations++) {
                String host = "127.0.0." + (1 + navigations % 2);
                String page = "http://" + host + ":" + server.getAddress().getPort() + "/";
                browser.evaluate("void (location.href = '" + page + "')");
                browser.until(() -> "the page of " + host, () -> {
                    looks.incrementAndGet();
                    return browser.evaluate("(() => { while (location.hostname != '" + host + "'); return 'there' })()")
                            .equals("there");
                });
            }
        } finally {
            server.stop(0);
        }
    }
}
