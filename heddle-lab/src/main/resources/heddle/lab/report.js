// Draws each figure of the page from the data inside it: the calls as bars on lanes, what the kernel holds by uPlot, both on one
// time axis. Without it the page still has every call in its tables.
(() => {
    "use strict";
    const GUTTER = 72;
    const RIGHT = 28;
    const NEAR = 1.5; // pixels: bars of one kind that are nearer become one

    const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

    function bytes(n) {
        if (n < 1000) return n + " B";
        if (n < 1e6) return +(n / 1e3).toPrecision(3) + " kB";
        return +(n / 1e6).toPrecision(3) + " MB";
    }

    function time(micros, step) {
        const seconds = step ? step >= 1e5 : micros >= 1e6;
        return seconds ? +(micros / 1e6).toFixed(2) + " s" : +(micros / 1e3).toPrecision(4) + " ms";
    }

    function make(parent, tag, name, text) {
        const made = document.createElement(tag);
        if (name) made.className = name;
        if (text !== undefined) made.textContent = text;
        parent.append(made);
        return made;
    }

    const measure = (() => {
        const context = document.createElement("canvas").getContext("2d");
        context.font = '11px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace';
        return (text) => context.measureText(text).width + 2;
    })();

    function draw(figure) {
        const data = JSON.parse(figure.querySelector("script").textContent);
        const room = figure.querySelector(".drawing");
        room.replaceChildren();
        figure.querySelectorAll(".readout").forEach((old) => old.remove());
        const calls = make(room, "div", "calls");
        const readout = make(figure, "p", "readout");
        const width = room.clientWidth - GUTTER - RIGHT;
        const [first, last] = data.span;
        const place = (micros) => ((micros - first) / (last - first)) * width;

        const bars = [];
        data.lanes.forEach((name, lane) => {
            const row = make(calls, "div", "lane");
            make(row, "span", "", name);
            const track = make(row, "div", "track");
            layOut(track, data.calls.filter((call) => call.lane === lane), place, width, bars);
        });
        bars.sort((a, b) => a.begin - b.begin);
        stepThrough(calls, bars, readout, figure.dataset.name);

        const fill = make(room, "div", "fill");
        const chart = plot(fill, data, width, readout);
        return () => chart.destroy();
    }

    // Bars and, where there is room, what they are.
    function layOut(track, calls, place, width, bars) {
        const merged = [];
        for (const call of calls) {
            const left = place(call.begin);
            const right = Math.max(place(call.end), left + (call.failed ? 6 : 3));
            const before = merged[merged.length - 1];
            if (before && before.kind === call.kind && before.failed === call.failed && left - before.right < NEAR
                && before.right - before.left < 40 && right - left < 40 && before.label === call.label) {
                before.right = Math.max(before.right, right);
                before.calls.push(call);
            } else {
                merged.push({ left, right, kind: call.kind, failed: call.failed, label: call.label, calls: [call] });
            }
        }
        merged.forEach((one, i) => {
            if (i > 0) { // what is drawn wider than it was must not hide what follows
                one.left = Math.max(one.left, Math.min(merged[i - 1].right + 1, width - 3));
                one.right = Math.max(one.right, one.left + (one.failed ? 6 : 3));
            }
            const bar = make(track, "div", one.failed ? "bar failed" : "bar");
            bar.style.setProperty("--kind", "var(--" + one.kind + ")");
            bar.style.left = one.left + "px";
            bar.style.width = Math.max(3, Math.min(one.right, width) - one.left) + "px";
            bars.push({ begin: one.calls[0].begin, bar, calls: one.calls });
            const text = one.label + (one.calls.length > 1 ? " \u00d7" + one.calls.length : "");
            const long = measure(text);
            const next = i + 1 < merged.length ? merged[i + 1].left : width;
            if (one.right - one.left > long + 8 && !one.failed) {
                make(track, "span", "tag inside", text).style.left = one.left + 4 + "px";
            } else if (one.right - one.left > long + 8) {
                make(track, "span", "tag", text).style.left = one.left + 5 + "px";
            } else if (next - one.right > long + 8) {
                make(track, "span", "tag", text).style.left = one.right + 4 + "px";
            }
        });
    }

    function tell(one) {
        const call = one.calls[0];
        const end = one.calls[one.calls.length - 1].end;
        const often = one.calls.length > 1 ? ", " + one.calls.length + " times" : "";
        return `${time(call.begin)} to ${time(end)}: ${call.side} ${call.name}${often}` + (call.outcome ? ": " + call.outcome : "");
    }

    // Arrow keys and the pointer go through the calls.
    function stepThrough(calls, bars, readout, name) {
        let at = -1;
        calls.tabIndex = 0;
        calls.setAttribute("role", "group");
        calls.setAttribute("aria-label", `Calls of ${name} on a time axis. The arrow keys go from call to call; the table below has all.`);
        readout.setAttribute("aria-live", "polite");
        const show = (index) => {
            if (at >= 0) bars[at].bar.classList.remove("here");
            at = index;
            bars[at].bar.classList.add("here");
            readout.textContent = tell(bars[at]);
        };
        calls.addEventListener("keydown", (event) => {
            const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
            if (!step || bars.length === 0) return;
            event.preventDefault();
            show(Math.max(0, Math.min(bars.length - 1, at + step)));
        });
        bars.forEach((one, index) => ["pointerenter", "click"].forEach((kind) => one.bar.addEventListener(kind, () => show(index))));
    }

    function plot(parent, data, width, readout) {
        const held = data.held;
        const some = held.times.length > 0;
        const grid = { stroke: style("--soft"), width: 1 };
        const font = "12px system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif";
        const ink = style("--muted");
        const stepped = uPlot.paths.stepped({ align: 1 });
        const [first, last] = data.span;
        const options = {
            width: width + GUTTER + RIGHT,
            height: some ? 168 : 40,
            padding: [some ? 8 : 0, RIGHT, 0, some ? 0 : GUTTER],
            legend: { show: false },
            cursor: { show: some, y: false, drag: { x: false, y: false }, points: { show: false } },
            scales: { x: { time: false, range: [first, last] }, y: { range: (_, __, most) => [0, Math.max(8, most * 1.08)] } },
            axes: [
                { stroke: ink, font, grid, ticks: grid, size: 32, space: 68, values: (_, splits, __, ___, step) => splits.map((t) => time(t, step)) },
                { show: some, stroke: ink, font, grid, ticks: grid, size: GUTTER, space: 34, values: (_, splits) => splits.map((n) => (n % 1 ? "" : bytes(n))) },
            ],
            series: [
                {},
                { label: "both", stroke: style("--sender"), width: 1.5, paths: stepped, points: { show: false } },
                { label: "receiver", stroke: style("--receiver"), width: 1.5, fill: style("--receiver") + "40", paths: stepped, points: { show: false } },
            ],
            bands: [{ series: [1, 2], fill: style("--sender") + "40" }],
            hooks: {
                setCursor: [
                    (u) => {
                        const i = u.cursor.idx;
                        if (i == null || !some) return;
                        const both = u.data[1][i];
                        const unread = u.data[2][i];
                        readout.textContent = `${time(u.data[0][i])}: sender's kernel ${bytes(both - unread)}, receiver's kernel ${bytes(unread)}, in flight ${bytes(both)}`;
                    },
                ],
            },
        };
        const both = held.unread.map((unread, i) => unread + held.unacknowledged[i]);
        const chart = new uPlot(options, some ? [held.times, both, held.unread] : [[first, last], [null, null], [null, null]], parent);
        chart.root.setAttribute("role", "img");
        chart.root.setAttribute("aria-label", some ? held.description : "Time axis");
        return chart;
    }

    const figures = [...document.querySelectorAll("figure.play")];
    let drawn = [];
    const all = () => {
        drawn.forEach((undo) => undo());
        drawn = figures.map(draw);
        document.documentElement.dataset.drawn = String(drawn.length);
    };
    all();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
    let known = innerWidth;
    addEventListener("resize", () => {
        if (innerWidth !== known) {
            known = innerWidth;
            all();
        }
    });
})();
