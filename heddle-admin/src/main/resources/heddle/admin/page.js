// The admin page. It asks for what has changed once a second, and draws. All text goes in as text, never as markup.
(() => {
    "use strict";
    const SVG = "http://www.w3.org/2000/svg";
    const PERIOD_MS = 1000;
    const ROWS = matchMedia("(max-width: 640px)").matches ? 15 : 50;
    const WINDOW_MIN = 60; // seconds that a chart shows at least
    const root = document.documentElement;
    const at = (id) => document.getElementById(id);

    // ---- Texts

    const whole = new Intl.NumberFormat("en");
    const tidy = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

    const count = (n) => (n >= 1e6 ? tidy.format(n / 1e6) + " M" : n >= 1e4 ? tidy.format(n / 1e3) + " k" : whole.format(n < 100 ? Math.round(n * 10) / 10 : Math.round(n)));
    const bytes = (n) => {
        const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        let i = 0;
        for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
        return tidy.format(n) + " " + units[i];
    };
    const millis = (n) => (n >= 1000 ? tidy.format(n / 1000) + " s" : tidy.format(n) + " ms");
    const span = (ms) => {
        const s = Math.max(0, Math.floor(ms / 1000));
        return s < 60 ? s + " s" : s < 3600 ? Math.floor(s / 60) + " min" : s < 86400 ? Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min" : Math.floor(s / 86400) + " d";
    };
    const clock = (ms) => new Date(ms).toLocaleTimeString("en-GB");
    const stamp = (ms) => new Date(ms).toLocaleString("sv-SE");
    // Clients choose their names: what steers text, or cannot be seen, is shown as a box.
    const visible = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, "\u25AF");

    const element = (name, className, text) => {
        const made = document.createElement(name);
        if (className) made.className = className;
        if (text !== undefined) made.textContent = text;
        return made;
    };
    const shape = (name, className, attributes) => {
        const made = document.createElementNS(SVG, name);
        made.setAttribute("class", className);
        for (const key in attributes) made.setAttribute(key, attributes[key]);
        return made;
    };

    // ---- Charts

    const COLUMNS = ["time", "acks", "refused", "p50", "p99", "connections", "queue", "store", "lag"];
    const history = Object.fromEntries(COLUMNS.map((name) => [name, []]));
    let historyNext = 0;

    // The end of an axis: a round number, in the units of what it shows.
    const ceiling = (value, format) => {
        if (!(value > 0)) return 1;
        if (format === bytes) return 2 ** Math.ceil(Math.log2(value * 1.05));
        const power = 10 ** Math.floor(Math.log10(value));
        return [1, 2, 4, 5, 6, 8, 10].find((step) => step * power >= value) * power;
    };

    class Chart {
        constructor(title, format, series) {
            this.format = format;
            this.series = series;
            this.cursor = -1;
            this.figure = element("figure", "card chart");
            const caption = element("figcaption");
            caption.append(element("h3", "", title));
            this.values = series.map((one, i) => {
                const value = element("span", "value s" + i);
                value.append(one.label ? one.label + " " : "", element("b"));
                caption.append(value);
                return value.lastChild;
            });
            this.title = title;
            this.svg = shape("svg", "", { role: "img", tabindex: "0" });
            this.figure.append(caption, this.svg);
            at("charts").append(this.figure);
            new ResizeObserver(() => this.draw()).observe(this.svg);
            const move = (event) => {
                const box = this.svg.getBoundingClientRect();
                this.cursor = this.sample((event.clientX - box.left - this.left) / this.width);
                this.draw();
            };
            this.svg.addEventListener("pointermove", move);
            this.svg.addEventListener("pointerdown", move);
            for (const end of ["pointerleave", "blur"]) this.svg.addEventListener(end, () => { this.cursor = -1; this.draw(); });
            this.svg.addEventListener("keydown", (event) => {
                const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
                if (!step) return;
                event.preventDefault();
                const last = history.time.length - 1;
                this.cursor = Math.min(last, Math.max(0, (this.cursor < 0 ? last : this.cursor) + step));
                this.draw();
            });
        }

        sample(part) {
            const seen = history.time.length;
            const first = seen - Math.max(WINDOW_MIN, seen);
            const index = Math.round(first + part * (seen - 1 - first));
            return index < 0 || index >= seen ? -1 : index;
        }

        draw() {
            const box = this.svg.getBoundingClientRect();
            const seen = history.time.length;
            if (box.width < 40 || seen === 0) return;
            const shown = Math.max(WINDOW_MIN, seen);
            this.left = 58;
            this.width = box.width - this.left - 6;
            const bottom = box.height - 18;
            const top = 6;
            let most = 0;
            for (const one of this.series) for (const value of history[one.column]) if (value > most) most = value;
            const max = ceiling(most, this.format);
            const x = (i) => this.left + ((i - (seen - shown)) / (shown - 1)) * this.width;
            const y = (value) => bottom - (value / max) * (bottom - top);

            const parts = [];
            for (let i = 0; i <= 2; i++) {
                const level = y((max * i) / 2);
                parts.push(shape("line", "grid", { x1: this.left, x2: box.width - 6, y1: level, y2: level }));
                const label = shape("text", "", { x: this.left - 6, y: level + 4, "text-anchor": "end" });
                label.textContent = this.format((max * i) / 2);
                parts.push(label);
            }
            const stamps = Math.max(2, Math.min(5, Math.floor(this.width / 110)));
            const lastTime = history.time[seen - 1];
            for (let i = 0; i < stamps; i++) {
                const part = i / (stamps - 1);
                const label = shape("text", "", { x: this.left + part * this.width, y: box.height - 3, "text-anchor": i === 0 ? "start" : i === stamps - 1 ? "end" : "middle" });
                label.textContent = clock(lastTime - (1 - part) * (shown - 1) * 1000);
                parts.push(label);
            }
            this.series.forEach((one, s) => {
                let line = "";
                let area = "";
                let begin = -1;
                const column = history[one.column];
                for (let i = 0; i <= seen; i++) {
                    const value = i < seen ? column[i] : null;
                    if (value === null) {
                        if (begin >= 0) area += `L${x(i - 1).toFixed(1)} ${bottom}L${x(begin).toFixed(1)} ${bottom}Z`;
                        begin = -1;
                        continue;
                    }
                    const point = `${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
                    // A second alone between two without a value is a dot.
                    line += (begin < 0 ? "M" : "L") + point + (begin < 0 && (i + 1 >= seen || column[i + 1] === null) ? "h1.5" : "");
                    area += (begin < 0 ? `M${x(i).toFixed(1)} ${bottom}L` : "L") + point;
                    if (begin < 0) begin = i;
                }
                if (s === 0 && this.series.length === 1) parts.push(shape("path", "area", { d: area }));
                parts.push(shape("path", "s" + s, { d: line, "data-column": one.column }));
            });
            const index = this.cursor >= 0 && this.cursor < seen ? this.cursor : -1;
            if (index >= 0) parts.push(shape("line", "cursor", { x1: x(index), x2: x(index), y1: top, y2: bottom }));
            const which = index >= 0 ? index : seen - 1;
            const told = this.series.map((one, s) => {
                const value = history[one.column][which];
                const text = value === null ? "\u2013" : this.format(value);
                this.values[s].textContent = text;
                return (one.label ? one.label + " " : "") + text;
            });
            this.svg.setAttribute("aria-label", `${this.title}: ${told.join(", ")} at ${clock(history.time[which])}`);
            this.svg.replaceChildren(...parts);
        }
    }

    const charts = [
        new Chart("Messages a second", count, [{ column: "acks", label: "acks" }, { column: "refused", label: "refused" }]),
        new Chart("Ack latency", millis, [{ column: "p50", label: "p50" }, { column: "p99", label: "p99" }]),
        new Chart("Connections", count, [{ column: "connections" }]),
        new Chart("Messages in the queue", count, [{ column: "queue" }]),
        new Chart("Store", bytes, [{ column: "store" }]),
        new Chart("Not forwarded to Kafka yet", count, [{ column: "lag" }]),
    ];
    const storeChart = charts[4];
    const lagChart = charts[5];

    const extend = (fresh) => {
        // Two who asked at one time get the same samples. What begins later is what is left after a long pause.
        if (fresh.next - fresh.time.length < historyNext) return;
        for (const name of COLUMNS) {
            const column = history[name];
            column.push(...fresh[name]);
            if (column.length > fresh.max) column.splice(0, column.length - fresh.max);
        }
        historyNext = fresh.next;
        storeChart.figure.hidden = !history.store.some((value) => value > 0);
        lagChart.figure.hidden = !history.lag.some((value) => value > 0);
        for (const chart of charts) chart.draw();
    };

    // ---- Asking and telling

    const ask = async (path, options) => {
        const answer = await fetch(path, { ...options, signal: AbortSignal.timeout(10000) });
        if (answer.status === 401) location.assign("login");
        return answer;
    };

    let started = 0;
    let draining = false;
    let errorsSeen = -1;
    let drawn = 0;

    const pill = (text, kind) => {
        const state = at("state");
        state.textContent = text;
        state.className = "pill " + kind;
    };

    const look = async () => {
        let state;
        try {
            const answer = await ask(`api/state?since=${historyNext}&errors=${errorsSeen}`);
            if (!answer.ok) throw new Error(answer.statusText);
            state = await answer.json();
        } catch (failure) {
            pill(draining ? "ended" : "does not answer", "bad");
            return;
        }
        if (state.started !== started) {
            const first = started === 0;
            started = state.started;
            if (!first) {
                // Another process: its numbers begin anew.
                for (const name of COLUMNS) history[name].length = 0;
                historyNext = 0;
                errorsSeen = -1;
                return;
            }
        }
        draining = state.draining;
        pill(state.ready ? "ready" : state.reason, state.ready ? "good" : "bad");
        document.title = `${state.ready ? "" : "! "}${state.address} \u2013 Heddle`;
        at("address").textContent = state.address;
        at("drain").disabled = draining;
        at("logout").hidden = !state.token;
        at("runtime").textContent = `Up ${span(state.now - state.started)}. ${state.runtime}. ${whole.format(state.connections)} of at most ${whole.format(state.connectionsMax)} connections, ${whole.format(state.queue)} of ${whole.format(state.queueMax)} messages in the queue${state.storeFree ? ", " + bytes(state.storeFree) + " free on the disk" : ""}.`;
        extend(state.history);
        if (state.errors.rows) {
            errorsSeen = state.errors.seen;
            at("no-errors").hidden = state.errors.rows.length > 0;
            at("errors").replaceChildren(...state.errors.rows.map((row) => {
                const line = element("li");
                line.append(element("time", "", stamp(row.time)), element("span", row.level, row.level), element("span", "message", visible(row.message)));
                return line;
            }));
        }
        root.dataset.drawn = ++drawn;
    };

    // ---- Connections

    const TABLE = [
        { key: "peer", label: "Peer", text: (row) => row.peer },
        { key: "name", label: "Name", text: (row) => row.name },
        { key: "since", label: "Since", text: (row) => span(Date.now() - row.since), title: (row) => stamp(row.since), number: true },
        { key: "submits", label: "Messages", text: (row) => whole.format(row.submits), number: true },
        { key: "inFlight", label: "In flight", text: (row) => whole.format(row.inFlight), number: true },
        { key: "lastSequence", label: "Last sequence", text: (row) => (row.lastSequence === "0" ? "\u2013" : row.lastSequence), number: true },
        { key: "lastError", label: "Last error", text: (row) => row.lastError },
    ];
    const order = { key: "since", descending: true };
    let offset = 0;
    let asked = 0;

    const heads = TABLE.map((column) => {
        const head = element("th", column.number ? "number" : "");
        head.scope = "col";
        const button = element("button", "", column.label);
        button.type = "button";
        button.addEventListener("click", () => {
            order.descending = order.key === column.key ? !order.descending : Boolean(column.number);
            order.key = column.key;
            offset = 0;
            list();
        });
        head.append(button);
        return head;
    });
    const closing = element("th", "close");
    closing.append(element("span", ""));
    document.querySelector("#connections thead tr").append(...heads, closing);

    const rows = new Map();

    const rowOf = (id) => {
        let known = rows.get(id);
        if (!known) {
            const line = element("tr");
            const cells = TABLE.map((column) => {
                const cell = element("td", column.key + (column.number ? " number" : ""));
                cell.dataset.label = column.label;
                return cell;
            });
            const last = element("td", "close");
            const button = element("button", "danger", "Close\u2026");
            button.type = "button";
            last.append(button);
            line.append(...cells, last);
            known = { line, cells, row: null };
            button.addEventListener("click", () => closeOne(known.row));
            rows.set(id, known);
        }
        return known;
    };

    const list = async () => {
        const number = ++asked;
        const query = new URLSearchParams({ q: at("search").value, sort: order.key, desc: order.descending, offset, limit: ROWS });
        let answer;
        try {
            answer = await (await ask("api/connections?" + query)).json();
        } catch (failure) {
            return;
        }
        if (number !== asked) return; // a later question is under way
        if (offset > 0 && offset >= answer.found) {
            offset = Math.max(0, Math.floor((answer.found - 1) / ROWS) * ROWS);
            return list();
        }
        heads.forEach((head, i) => {
            if (TABLE[i].key === order.key) head.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
            else head.removeAttribute("aria-sort");
        });
        const body = document.querySelector("#connections tbody");
        const shown = answer.rows.map((row) => {
            const known = rowOf(row.id);
            known.row = row;
            TABLE.forEach((column, i) => {
                const text = visible(column.text(row));
                const cell = known.cells[i];
                if (cell.textContent !== text) {
                    cell.textContent = text;
                    cell.title = column.title ? column.title(row) : text;
                }
            });
            return known.line;
        });
        if (shown.length !== body.children.length || shown.some((line, i) => body.children[i] !== line)) body.replaceChildren(...shown);
        const ids = new Set(answer.rows.map((row) => row.id));
        for (const id of rows.keys()) if (!ids.has(id)) rows.delete(id);
        at("none").hidden = shown.length > 0;
        at("pages").textContent = answer.found === 0 ? "" : `${whole.format(offset + 1)}\u2013${whole.format(offset + shown.length)} of ${whole.format(answer.found)}${answer.found < answer.total ? ` found in ${whole.format(answer.total)}` : ""}`;
        at("previous").disabled = offset === 0;
        at("next").disabled = offset + ROWS >= answer.found;
        root.dataset.listed = number;
    };

    at("search").addEventListener("input", () => { offset = 0; list(); });
    at("previous").addEventListener("click", () => { offset = Math.max(0, offset - ROWS); list(); });
    at("next").addEventListener("click", () => { offset += ROWS; list(); });

    // ---- What changes something

    const dialog = at("ask");
    let answered = () => {};
    // Not its close event, which comes later, perhaps after the next question.
    dialog.querySelector("form").addEventListener("submit", (event) => answered(event.submitter?.value === "yes"));
    dialog.addEventListener("cancel", () => answered(false));

    const confirmed = (title, text, who, yes) => new Promise((resolve) => {
        answered = resolve;
        at("ask-title").textContent = title;
        at("ask-text").textContent = text;
        at("ask-who").textContent = who;
        at("ask-yes").textContent = yes;
        dialog.showModal();
    });

    const closeOne = async (row) => {
        const who = row.peer + (row.name ? " \u2013 " + visible(row.name) : "");
        if (!await confirmed("Close this connection?", "What it has sent and the server has taken is kept; its acks on the way are lost. The client may connect again.", who, "Close it")) return;
        await ask("api/close?id=" + row.id, { method: "POST" });
        list();
    };

    at("drain").addEventListener("click", async () => {
        const text = "It stops accepting, answers what it has read, asks each client to go, waits for them as long as --drain-timeout says, and ends: as SIGTERM does.";
        if (!await confirmed("Drain and end this server?", text, at("address").textContent, "Drain and end")) return;
        await ask("api/drain", { method: "POST" });
        look();
    });

    // ---- Themes

    const theme = at("theme");
    const show = (choice) => { if (choice) root.dataset.theme = choice; else delete root.dataset.theme; };
    const store = (action) => { try { return action(localStorage); } catch (forbidden) { return null; } };
    theme.value = store((kept) => kept.getItem("theme")) || "";
    show(theme.value);
    theme.addEventListener("change", () => { show(theme.value); store((kept) => kept.setItem("theme", theme.value)); });

    // One after the other, so that a slow server is asked less often.
    const loop = async (what) => {
        for (;;) {
            const begun = performance.now();
            if (!document.hidden) await what();
            await new Promise((resolve) => setTimeout(resolve, Math.max(200, PERIOD_MS - (performance.now() - begun))));
        }
    };
    loop(look);
    loop(list);
})();
