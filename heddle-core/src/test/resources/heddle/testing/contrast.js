// Each text whose contrast with what is behind it is below 4.5 to 1; WCAG 2.2, 1.4.3. To be evaluated in a page.
(() => {
    "use strict";
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    // What lies over one of its siblings has that behind it, else its parent.
    const behind = (element) => {
        const other = element.previousElementSibling;
        if (other && getComputedStyle(element).position === "absolute") {
            const [inner, outer] = [element.getBoundingClientRect(), other.getBoundingClientRect()];
            if (outer.left <= inner.left + 1 && inner.right <= outer.right + 1 && outer.top <= inner.top + 1 && inner.bottom <= outer.bottom + 1) return other;
        }
        return element.parentElement;
    };
    // Colours that let others through are laid over these.
    const background = (element) => {
        const layers = [];
        for (let one = element; one; one = behind(one)) {
            const colour = rgba(getComputedStyle(one).backgroundColor);
            layers.push(colour);
            if (colour[3] === 255) break;
        }
        return layers.reverse().reduce((below, [r, g, b, a]) => [r, g, b].map((v, i) => (v * a + below[i] * (255 - a)) / 255), [255, 255, 255]);
    };
    // "relative luminance"
    const light = (colour) => colour.slice(0, 3).map((v) => v / 255)
        .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const low = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode()); ) {
        const element = node.parentElement;
        if (!node.textContent.trim() || element.closest("script, style, .skip, :disabled") || !element.checkVisibility({ contentVisibilityAuto: true })) continue;
        const style = getComputedStyle(element);
        const [a, b] = [light(rgba(element instanceof SVGElement ? style.fill : style.color)), light(background(element))].sort((one, other) => other - one);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < 4.5) low.add(`${contrast.toFixed(2)}: ${element.tagName.toLowerCase()}.${element.getAttribute("class") || ""} '${node.textContent.trim().slice(0, 40)}'`);
    }
    return [...low].slice(0, 40).join("\n");
})()
