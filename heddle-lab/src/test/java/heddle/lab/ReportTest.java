package heddle.lab;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Chromium;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The page, as a person sees it: in a browser, on a phone and on a desk, by day and by night. */
@Timeout(240)
@Tag("thorough")
class ReportTest {

    /** Screenshots, to look at. */
    private static final Path PICTURES = Path.of("target", "lab");

    private static final int PICTURE_HEIGHT_MAX = 12_000;

    @TempDir
    private static Path folder;

    @TempDir
    private static Path profile;

    private static Path page;

    /** Started by the first test that looks. */
    private static @Nullable Chromium chromium;

    @BeforeAll
    static void makeThePage() throws Exception {
        List<Laboratory.Result> results = new ArrayList<>();
        for (Situation situation : Situations.all()) {
            switch (situation.id()) {
                case "S1", "S2", "S4", "R1", "R4", "W2", "W3", "C1", "C3", "E4", "P1" -> {
                    Player.Played played = Player.play(situation, new Settings(50, false), Progress.NONE);
                    Run run = Run.judged(situation, played.trace(), played.failure());
                    // Each other one with a second run beside it.
                    results.add(new Laboratory.Result(run, results.size() % 2 == 0 ? run : null));
                }
                case "P2" ->
                    results.add(new Laboratory.Result(
                            Run.skipped(situation, "not this system: <Linux> & \"others\""), null));
                case "P5" ->
                    results.add(new Laboratory.Result(Run.judged(situation, new Trace(), "it <b>broke</b> off"), null));
                default -> {}
            }
        }
        page = folder.resolve("lab.html");
        Files.writeString(page, new Report(results, "epoll, carriers of its own (2)", "go1.25", Instant.EPOCH).html());
    }

    @AfterAll
    static void closeTheBrowser() {
        if (chromium != null) {
            chromium.close();
            chromium = null;
        }
    }

    private static Chromium chromium() throws Exception {
        if (chromium == null) {
            Path program = Chromium.find()
                    .orElseGet(() -> Assumptions.abort(
                            "THE PAGE WAS NOT LOOKED AT: no chromium on the PATH" + " (apt install chromium)"));
            chromium = new Chromium(program, profile);
        }
        return chromium;
    }

    @Test
    void needsNothingButItself() throws Exception {
        String html = Files.readString(page);
        assertThat(html)
                .contains(
                        "<title>heddle lab: 11 of 13 seen</title>",
                        "&lt;b&gt;broke&lt;/b&gt;",
                        "&lt;Linux&gt; &amp; &quot;others&quot;",
                        "The MIT License (MIT)")
                .doesNotContain("<link", "<img", "src=", "@import", "url(");
        assertThat(Files.size(page)).isLessThan(1_000_000);
    }

    @ParameterizedTest
    @CsvSource({"phone, 390, 844, false", "phone, 390, 844, true", "desk, 1440, 900, false", "desk, 1440, 900, true"})
    void isInOrder(String device, int width, int height, boolean dark) throws Exception {
        Chromium browser = chromium();
        browser.screen(width, height, dark);
        browser.open(page.toUri());
        String name = device + (dark ? "-dark" : "-light");
        picture(browser, name, width);
        expectInOrder(browser, name);
        browser.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)");
        expectInOrder(browser, name + ", all open");

        String told = browser.evaluate("""
                        (() => {
                            const figure = document.querySelector('#W2 figure');
                            const calls = figure.querySelector('.calls');
                            calls.focus();
                            for (let i = 0; i < 2; i++) {
                                calls.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
                            }
                            return figure.querySelector('.readout').textContent;
                        })()
                        """);
        assertThat(told).as("after two arrow keys").contains("client dial tcp 127.0.0.1:");
    }

    private static void expectInOrder(Chromium browser, String name) throws Exception {
        assertThat(browser.evaluate(ReportTest.class, "page-check.js")).as(name).isEmpty();
        assertThat(browser.lowContrast()).as(name).isEmpty();
    }

    private static void picture(Chromium browser, String name, int width) throws Exception {
        int height = Integer.parseInt(browser.evaluate("document.documentElement.scrollHeight"));
        Files.createDirectories(PICTURES);
        Files.write(
                PICTURES.resolve(name + ".png"), browser.screenshot(width, 0, Math.min(height, PICTURE_HEIGHT_MAX)));
    }
}
