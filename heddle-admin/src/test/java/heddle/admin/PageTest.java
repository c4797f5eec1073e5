package heddle.admin;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.Client;
import heddle.gateway.ClientOptions;
import heddle.gateway.Counter;
import heddle.net.Conn;
import heddle.net.Net;
import heddle.testing.Await;
import heddle.testing.Chromium;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The admin page as a person sees it, in a browser, while 5,000 clients are connected and some send. */
@Timeout(240)
@Tag("thorough")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PageTest {

    /** Screenshots, to look at. */
    private static final Path PICTURES = Path.of("target", "page");

    private static final int IDLE = 5_000;
    private static final int SENDERS = 4;

    /** A name that would run a script, were it markup, and turn the text around, were it not shown as a box. */
    private static final String HOSTILE = "<img src=x onerror='hacked=1'>\u202e<b>bold</b>";

    @TempDir
    private static Path folder;

    @TempDir
    private static Path profile;

    private static AdminServer server;
    private static final List<Conn> idle = new ArrayList<>();
    private static final List<Client> senders = new ArrayList<>();
    private static final ScheduledExecutorService load = Executors.newScheduledThreadPool(1);
    private static ScheduledFuture<?> sending;
    private static Chromium browser;

    @BeforeAll
    static void startAll() throws Exception {
        Path program = Chromium.find()
                .orElseGet(() -> Assumptions.abort(
                        "THE PAGE WAS NOT LOOKED AT: no chromium on the PATH (apt install chromium)"));
        server = new AdminServer(folder.resolve("data")).serve();
        for (int i = 0; i < IDLE; i++) {
            idle.add(introduced(i == 7 ? HOSTILE : "idle-%04d".formatted(i)));
        }
        Await.until("all are introduced", () -> server.counters.value(Counter.INTRODUCED) == IDLE);
        for (int i = 0; i < SENDERS; i++) {
            var client = new Client(
                    server.address, new ClientOptions().name("sender-" + i).resend(true), (_, _, _) -> {});
            client.connect();
            senders.add(client);
        }
        sending = load.scheduleAtFixedRate(PageTest::sendSome, 0, 50, TimeUnit.MILLISECONDS);
        browser = new Chromium(program, profile);
        browser.screen(1440, 900, false);
    }

    private static Conn introduced(String name) throws IOException {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        var conn = Net.dial("tcp", server.address);
        conn.write(ByteBuffer.allocate(13 + text.length)
                .putInt(13 + text.length)
                .put((byte) 1)
                .putLong(1)
                .put(text)
                .array());
        return conn;
    }

    private static void sendSome() {
        try {
            for (var client : senders) {
                for (int i = 0; i < 25; i++) {
                    client.submit(new byte[200], 0, 200);
                }
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @AfterAll
    static void endAll() throws Exception {
        if (sending != null) {
            sending.cancel(false);
        }
        load.shutdown();
        assertThat(load.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        if (browser != null) {
            browser.close();
        }
        senders.forEach(Client::close);
        for (var conn : idle) {
            conn.close();
        }
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void openThePage() throws Exception {
        browser.open(URI.create(server.admin.address()));
        Await.until(
                "the table is there",
                () -> browser.evaluate("document.querySelectorAll('tbody tr').length")
                        .matches("50|15"));
    }

    private static boolean shows(String script, String text) throws Exception {
        return browser.evaluate(script).equals(text);
    }

    private static void click(String selector) throws Exception {
        browser.evaluate("document.querySelector(\"" + selector + "\").click()");
    }

    private static void search(String text) throws Exception {
        browser.evaluate("""
                (() => {
                    const field = document.getElementById('search');
                    field.value = '%s';
                    field.dispatchEvent(new Event('input'));
                })()
                """.formatted(text));
    }

    private static String line(String column) throws Exception {
        return browser.evaluate("document.querySelector(\"path[data-column='" + column + "']\")?.getAttribute('d')");
    }

    @Test
    @Order(1)
    void chartsMoveAndNothingIsLoadedFromElsewhere() throws Exception {
        for (String column : List.of("acks", "p50", "p99", "connections", "store")) {
            Await.until(column + " is drawn", () -> line(column).length() > 20);
            String before = line(column);
            Await.until(column + " moves", () -> !line(column).equals(before));
        }
        assertThat(browser.evaluate("document.querySelector('#charts svg').getAttribute('aria-label')"))
                .startsWith("Messages a second: acks ");
        assertThat(browser.evaluate("document.getElementById('state').textContent"))
                .isEqualTo("ready");
        assertThat(browser.evaluate("performance.getEntriesByType('resource')"
                        + ".filter(one => new URL(one.name).origin !== location.origin).length"))
                .isEqualTo("0");
        assertThat(browser.evaluate("document.querySelectorAll('figure:not([hidden])').length"))
                .as("the chart of Kafka's lag is hidden")
                .isEqualTo("5");
    }

    @Test
    @Order(2)
    void connectionsAreSearchedSortedAndTurnedOver() throws Exception {
        assertThat(browser.evaluate("document.getElementById('pages').textContent"))
                .isEqualTo("1–50 of 5,004");
        click("#next");
        Await.until("the second page", () -> shows("document.getElementById('pages').textContent", "51–100 of 5,004"));
        search("IDLE-49");
        Await.until(
                "what is searched",
                () -> shows("document.getElementById('pages').textContent", "1–50 of 100 found in 5,004"));
        click("th:nth-child(2) button");
        Await.until("by name", () -> shows("document.querySelector('td.name').textContent", "idle-4900"));
        click("th:nth-child(2) button");
        Await.until("by name, downwards", () -> shows("document.querySelector('td.name').textContent", "idle-4999"));
        assertThat(browser.evaluate("document.querySelector('th:nth-child(2)').getAttribute('aria-sort')"))
                .isEqualTo("descending");
        search("sender");
        Await.until("the senders", () -> shows("document.querySelectorAll('tbody tr').length", "4"));
        assertThat(browser.evaluate("document.querySelector('td.submits').textContent"))
                .isNotEqualTo("0");
        search("nobody");
        Await.until("none", () -> shows("String(document.getElementById('none').hidden)", "false"));
    }

    @Test
    @Order(3)
    void aNameIsTextWhateverItSays() throws Exception {
        search("onerror");
        Await.until("it is found", () -> shows("document.querySelectorAll('tbody tr').length", "1"));
        assertThat(browser.evaluate("document.querySelector('td.name').textContent"))
                .isEqualTo(HOSTILE.replace("\u202e", "\u25af"));
        assertThat(browser.evaluate("document.querySelectorAll('tbody img, tbody b').length + ' ' + typeof hacked"))
                .isEqualTo("0 undefined");
    }

    @Test
    @Order(4)
    void oneConnectionIsClosedAfterAQuestion() throws Exception {
        int before = server.gateway.connections();
        search("idle-0123");
        Await.until("it is found", () -> shows("document.querySelector('td.name').textContent", "idle-0123"));
        click("td.close button");
        assertThat(browser.evaluate("document.getElementById('ask-who').textContent"))
                .endsWith(" – idle-0123");
        browser.evaluate("document.querySelector('#ask button[value=no]').click()");
        assertThat(server.gateway.connections()).as("not wanted").isEqualTo(before);
        click("td.close button");
        click("#ask-yes");
        Await.until("it is closed", () -> server.gateway.connections() == before - 1);
        Await.until("it is gone", () -> shows("document.querySelectorAll('tbody tr').length", "0"));
        Await.until(
                "it is among the warnings",
                () -> browser.evaluate("document.querySelector('#errors li')?.textContent")
                        .endsWith("\"idle-0123\": closed by the operator"));
    }

    @Test
    @Order(5)
    void theThemeIsTheSystemsUnlessOneIsChosen() throws Exception {
        String script = "getComputedStyle(document.body).backgroundColor";
        String light = browser.evaluate(script);
        browser.screen(1440, 900, true);
        assertThat(browser.evaluate(script)).as("dark, as the system").isNotEqualTo(light);
        browser.evaluate("""
                (() => {
                    const theme = document.getElementById('theme');
                    theme.value = 'light';
                    theme.dispatchEvent(new Event('change'));
                })()
                """);
        assertThat(browser.evaluate(script)).isEqualTo(light);
        openThePage();
        assertThat(browser.evaluate(script)).as("remembered").isEqualTo(light);
        browser.evaluate("localStorage.removeItem('theme')");
        browser.screen(1440, 900, false);
    }

    @ParameterizedTest
    @CsvSource({
        "desktop, 1440, 900, false",
        "desktop-dark, 1440, 900, true",
        "phone, 390, 844, false",
        "phone-dark, 390, 844, true"
    })
    @Order(6)
    void fitsTheScreen(String name, int width, int height, boolean dark) throws Exception {
        browser.screen(width, height, dark);
        openThePage();
        Await.until("some of the charts", () -> line("acks").length() > 100);
        assertThat(browser.evaluate("document.documentElement.scrollWidth"))
                .as("scrolls sideways")
                .isEqualTo(Integer.toString(width));
        assertThat(browser.evaluate("[...document.querySelectorAll('button')].filter(one => one.checkVisibility()"
                        + " && one.parentElement.clientWidth + 1 < one.offsetWidth).length"))
                .as("buttons that are cut off")
                .isEqualTo("0");
        assertThat(browser.lowContrast()).as("texts that cannot be read").isEmpty();
        Files.createDirectories(PICTURES);
        int tall = Math.min(4000, Integer.parseInt(browser.evaluate("document.documentElement.scrollHeight")));
        Files.write(PICTURES.resolve(name + ".png"), browser.screenshot(width, 0, tall));
    }

    @Test
    @Order(7)
    void aPageOfFiveThousandIsAnsweredAtOnce() throws Exception {
        long begun = System.nanoTime();
        int times = 20;
        for (int i = 0; i < times; i++) {
            assertThat(server.get("/api/connections?q=idle&sort=name&limit=50").body())
                    .contains("\"total\":" + server.gateway.connections() + ",");
        }
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun) / times;
        System.out.println("a page of the table with 5,000 connections: " + millis + " ms");
        assertThat(millis).isLessThan(500);
        assertThat(browser.evaluate("document.querySelectorAll('tbody tr').length"))
                .isIn("50", "15");
    }

    @Test
    @Order(8)
    void drainIsAskedForTwice() throws Exception {
        browser.screen(1440, 900, false);
        openThePage();
        click("#drain");
        assertThat(browser.evaluate("document.getElementById('ask-title').textContent"))
                .isEqualTo("Drain and end this server?");
        Files.write(PICTURES.resolve("drain.png"), browser.screenshot(1440, 0, 900));
        assertThat(server.drained.getCount()).isEqualTo(1);
        click("#ask-yes");
        assertThat(server.drained.await(30, TimeUnit.SECONDS)).isTrue();
    }
}
