package heddle.admin;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.StoreOptions;
import heddle.testing.Chromium;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who the admin page lets in, by what a browser really sends: its cookies, Origin and Sec-Fetch-Site. */
@Timeout(120)
@Tag("thorough")
class LoginTest {

    private static final String TOKEN = "a token of some length";

    @TempDir
    private Path folder;

    @TempDir
    private Path profile;

    private Chromium browser;

    @BeforeEach
    void startTheBrowser() throws Exception {
        Path program = Chromium.find()
                .orElseGet(() -> Assumptions.abort(
                        "THE LOGIN WAS NOT LOOKED AT: no chromium on the PATH (apt install chromium)"));
        browser = new Chromium(program, profile);
        browser.screen(1440, 900, false);
    }

    @AfterEach
    void closeTheBrowser() {
        if (browser != null) {
            browser.close();
        }
    }

    private AdminServer server(@Nullable Path tokenFile) throws Exception {
        return new AdminServer(folder.resolve("data"), new StoreOptions().segmentBytes(1 << 20), tokenFile).serve();
    }

    private AdminServer serverWithToken() throws Exception {
        return server(Files.writeString(folder.resolve("token"), "# admin\n" + TOKEN + "\n"));
    }

    /** As a person does: the browser makes the request of the form. */
    private void logIn(String token) throws Exception {
        browser.evaluate("document.getElementById('token').value = '" + token + "'");
        browser.evaluate("document.querySelector('form button').click()");
    }

    private void awaitPath(String path) throws Exception {
        browser.until(
                () -> "at " + path,
                () -> browser.evaluate("document.readyState + location.pathname")
                        .equals("complete" + path));
    }

    private void awaitThePage() throws Exception {
        awaitPath("/");
        browser.until(
                () -> "the page is drawn",
                () -> browser.evaluate("document.documentElement.dataset.drawn").matches("\\d+"));
    }

    private boolean isShown(String id) throws Exception {
        return browser.evaluate("document.getElementById('" + id + "')?.checkVisibility()")
                .equals("true");
    }

    @Test
    void theTokenOpensThePageUntilTheLogout() throws Exception {
        try (var server = serverWithToken()) {
            URI page = URI.create(server.admin.address());
            browser.load(page);
            assertThat(browser.evaluate("location.pathname")).isEqualTo("/login");
            assertThat(browser.evaluate("document.activeElement.id")).isEqualTo("token");
            assertThat(isShown("wrong")).isFalse();

            logIn("another " + TOKEN);
            browser.until(() -> "the refusal is told", () -> isShown("wrong"));
            assertThat(browser.evaluate("document.getElementById('token').value"))
                    .isEmpty();
            for (boolean dark : new boolean[] {false, true}) {
                browser.screen(390, 844, dark);
                assertThat(browser.lowContrast()).isEmpty();
            }

            logIn(TOKEN);
            awaitThePage();
            assertThat(browser.evaluate("document.cookie")).as("for scripts").isEmpty();
            browser.open(page);
            assertThat(isShown("logout")).isTrue();

            browser.evaluate("document.querySelector('#logout button').click()");
            awaitPath("/login");
            browser.load(page);
            assertThat(browser.evaluate("location.pathname")).isEqualTo("/login");
        }
    }

    @Test
    void whoIsLoggedInIsSoUntilTheTokenChanges() throws Exception {
        try (var server = serverWithToken()) {
            URI page = URI.create(server.admin.address());
            browser.load(page);
            logIn(TOKEN);
            awaitThePage();
            Files.writeString(folder.resolve("token"), "another token, long enough");
            server.admin.prepareToken(folder.resolve("token")).run();
            browser.load(page);
            assertThat(browser.evaluate("location.pathname")).isEqualTo("/login");
        }
    }

    /** A form in a page that is not ours, sent to {@code path}; what the browser then shows. */
    private String sendFromElsewhere(AdminServer server, String path) throws Exception {
        String form = "<form method=post action='"
                + URI.create(server.admin.address()).resolve(path) + "'></form>";
        String text = Base64.getEncoder().encodeToString(form.getBytes(StandardCharsets.UTF_8));
        browser.load(URI.create("data:text/html;base64," + text));
        browser.evaluate("document.forms[0].submit()");
        awaitPath("/" + path);
        return browser.evaluate("document.body.textContent").strip();
    }

    @Test
    void aPageFromElsewhereEndsNoServer() throws Exception {
        try (var open = server(null)) {
            assertThat(sendFromElsewhere(open, "api/drain")).isEqualTo("not from another page");
            assertThat(open.drained.getCount()).isEqualTo(1);
        }
        try (var server = serverWithToken()) {
            browser.load(URI.create(server.admin.address()));
            logIn(TOKEN);
            awaitThePage();
            assertThat(sendFromElsewhere(server, "api/drain"))
                    .as("the cookie stays at home")
                    .isEqualTo("want the token: Authorization: Bearer TOKEN");
            assertThat(server.drained.getCount()).isEqualTo(1);
        }
    }
}
