// What is wrong with the page as it stands, a line each: to be evaluated in it.
(() => {
    "use strict";
    const problems = [];
    const name = (element) => {
        const at = element.closest("article");
        return (at ? "#" + at.id + " " : "") + element.tagName.toLowerCase() + (element.className ? "." + element.className : "") + " '" + element.textContent.trim().slice(0, 40) + "'";
    };
    const root = document.documentElement;
    if (root.scrollWidth > innerWidth) {
        problems.push(`scrolls sideways: ${root.scrollWidth} in ${innerWidth} pixels`);
    }
    if (Number(root.dataset.drawn) !== document.querySelectorAll("figure.play").length) {
        problems.push("not all figures are drawn");
    }
    if (performance.getEntriesByType("resource").length > 0) {
        problems.push("loads from elsewhere: " + performance.getEntriesByType("resource").map((one) => one.name));
    }

    // Texts: where they are, and that none lies over another, or is cut off.
    const boxes = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode()); ) {
        const element = node.parentElement;
        if (!node.textContent.trim() || element.closest("script, style, .skip") || !element.checkVisibility({ contentVisibilityAuto: true })) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const lines = [...range.getClientRects()].filter((one) => one.width > 0 && one.height > 0);
        for (const line of lines) {
            boxes.push({ element, left: line.left, right: line.right, top: line.top + scrollY + 2, bottom: line.bottom + scrollY - 2 });
            if (line.left < -0.5 || line.right > innerWidth + 0.5) problems.push("beyond the edge: " + name(element));
        }
    }
    boxes.sort((a, b) => a.top - b.top);
    for (let i = 0; i < boxes.length; i++) {
        for (let k = i + 1; k < boxes.length && boxes[k].top < boxes[i].bottom; k++) {
            if (boxes[i].left < boxes[k].right - 1 && boxes[k].left < boxes[i].right - 1 && boxes[i].element !== boxes[k].element) {
                problems.push(`overlap: ${name(boxes[i].element)} and ${name(boxes[k].element)}`);
            }
        }
    }
    for (const element of document.querySelectorAll("body *")) {
        if (element.closest(".uplot, .track, script, .skip") || getComputedStyle(element).display === "inline" || !element.checkVisibility()) continue;
        if (element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1) problems.push(`content wider than its box: ${name(element)}`);
    }

    // Drawings: labels beside bars, and everything inside its track.
    for (const track of document.querySelectorAll(".track")) {
        const frame = track.getBoundingClientRect();
        const bars = [...track.querySelectorAll(".bar")].map((bar) => bar.getBoundingClientRect());
        for (const bar of bars) {
            if (bar.left < frame.left - 1 || bar.right > frame.right + 11) problems.push("bar beyond its track: " + name(track));
        }
        for (const tag of track.querySelectorAll(".tag")) {
            const box = tag.getBoundingClientRect();
            const clash = bars.filter((bar) => bar.left < box.right - 1 && box.left < bar.right - 1 && !(bar.left <= box.left && box.right <= bar.right));
            if (clash.length > 0) problems.push("label on a bar: " + name(tag));
            if (box.right > frame.right + 11) problems.push("label beyond its track: " + name(tag));
        }
    }
    for (const lane of document.querySelectorAll(".lane > span")) {
        if (lane.scrollWidth > lane.clientWidth + 1) problems.push("lane's name is cut off: " + name(lane));
    }
    for (const chart of document.querySelectorAll(".uplot canvas")) {
        const box = chart.getBoundingClientRect();
        if (box.width < 200 || box.height < 30) problems.push("chart without room: " + name(chart));
    }

    return [...new Set(problems)].slice(0, 40).join("\n");
})()
