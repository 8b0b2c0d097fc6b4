// Mail flow over time: stacked bars in which a span of time can be drawn or clicked, and a table of the same.

import { DAY, HOUR, MINUTE, SECOND, toLocal } from "../common/zone.js";
import { asTable, legend, nameOf, scale, shortNumber } from "./charts.js";
import { h, svg } from "./dom.js";
import { colour, number, span, stepTime, zoneName } from "./format.js";

const HEIGHT = 220;
const [LEFT, RIGHT, TOP, BOTTOM] = [48, 8, 10, 24];
const MAX_BAR = 56;
const BAR_ROOM = 7;
// A drag shorter than this is a click.
const MIN_DRAG = 5;

/** How many bars have room in a width. */
export const barsFor = (width) => Math.max(24, Math.min(240, Math.floor((width - LEFT - RIGHT) / BAR_ROOM)));

/** The drawing, its legend, and its table. `pick(from, to)` is called for a span that was chosen. */
export function flowChart({ stack, step, edges, names, bars }, width, pick) {
    const totals = names.map((_, at) => bars.reduce((sum, bar) => sum + bar[at], 0));
    // The largest at the bottom, where lengths compare best.
    const order = names.map((_, at) => at).filter((at) => totals[at] > 0).sort((one, other) => totals[other] - totals[one]);
    const sums = bars.map((bar) => bar.reduce((sum, value) => sum + value, 0));
    const { top, ticks } = scale(Math.max(1, ...sums));
    const inner = width - LEFT - RIGHT;
    const bar = inner / bars.length;
    // A few bars stay bars.
    const gap = Math.max(bar - MAX_BAR, bar > 5 ? Math.min(4, bar * 0.2) : bar > 2 ? 0.5 : 0);
    const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
    const columns = bars.map((values, at) => {
        let below = 0;
        const parts = order.filter((name) => values[name] > 0).map((name) => {
            const rect = svg("rect", {
                x: LEFT + at * bar + gap / 2, width: Math.max(0.5, bar - gap),
                y: y(below + values[name]), height: Math.max(0.5, y(below) - y(below + values[name])), class: `fill-${colour(stack, names[name])}`,
            });
            below += values[name];
            return rect;
        });
        const lines = order.filter((name) => values[name] > 0).map((name) => `${nameOf(stack, names[name])}: ${number(values[name])}`);
        const title = svg("title", {}, [stepTime(edges[at], step), ...lines].join("\n"));
        const catcher = svg("rect", { x: LEFT + at * bar, width: bar, y: TOP, height: HEIGHT - TOP - BOTTOM, class: "catch" });
        return svg("g", { class: "column" }, title, catcher, parts);
    });
    const most = sums.indexOf(Math.max(...sums));
    const label = order.length === 0 ? "No messages in this time."
        : `Messages over time, ${order.map((name) => `${nameOf(stack, names[name])} ${number(totals[name])}`).join(", ")}. Most, ${number(sums[most])}, at ${stepTime(edges[most], step)} ${zoneName()}.`;
    const drawing = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, role: "img", "aria-label": label, class: "chart" },
        grid(ticks, y, width), columns, timeTicks(edges, step, bar, inner).map(({ x, text }) => svg("text", { x: LEFT + x, y: HEIGHT - 6, class: "tick" }, text)));
    if (pick) brush(drawing, { width, bar, count: bars.length, edges, pick });
    const choose = (at) => h("button", { type: "button", className: "link", onclick: () => pick?.(edges[at], edges[at + 1]) }, stepTime(edges[at], step));
    const rows = () => bars.map((values, at) => [pick ? choose(at) : stepTime(edges[at], step), ...order.map((name) => number(values[name]))]);
    return [
        legend(order.map((name) => [nameOf(stack, names[name]), colour(stack, names[name])])),
        drawing,
        asTable("Messages over time", [`From (${zoneName()})`, ...order.map((name) => nameOf(stack, names[name]))], rows),
    ];
}

export function grid(ticks, y, width) {
    return ticks.map((tick) =>
        svg("g", {}, svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick), class: "rule" }),
            svg("text", { x: LEFT - 8, y: y(tick) + 4, class: "tick end" }, shortNumber(tick))));
}

/** Lets a span be drawn with the pointer, or a bar be clicked. The table and the dialog do the same for the keyboard. */
function brush(drawing, { width, bar, count, edges, pick }) {
    const band = svg("rect", { y: TOP, height: HEIGHT - TOP - BOTTOM, class: "brush", visibility: "hidden" });
    const words = svg("text", { y: TOP + 12, class: "tick brush-text", visibility: "hidden" });
    drawing.append(band, words);
    drawing.classList.add("brushable");
    let start;
    const place = ({ clientX }) => {
        const { left, width: shown } = drawing.getBoundingClientRect();
        return ((clientX - left) * width) / shown;
    };
    const barOf = (x) => Math.max(0, Math.min(count - 1, Math.floor((x - LEFT) / bar)));
    const chosen = (x) => [barOf(Math.min(start, x)), barOf(Math.max(start, x))];
    const hide = () => {
        for (const element of [band, words]) element.setAttribute("visibility", "hidden");
        start = undefined;
    };
    drawing.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        start = place(event);
        drawing.setPointerCapture(event.pointerId);
    });
    drawing.addEventListener("pointermove", (event) => {
        if (start === undefined || Math.abs(place(event) - start) < MIN_DRAG) return;
        const [first, last] = chosen(place(event));
        band.setAttribute("x", LEFT + first * bar);
        band.setAttribute("width", (last - first + 1) * bar);
        words.textContent = span(edges[first], edges[last + 1]);
        words.setAttribute("x", Math.min(LEFT + first * bar + 4, width - 250));
        for (const element of [band, words]) element.setAttribute("visibility", "visible");
    });
    drawing.addEventListener("pointerup", (event) => {
        if (start === undefined) return;
        const [first, last] = chosen(place(event));
        hide();
        pick(edges[first], edges[last + 1]);
    });
    drawing.addEventListener("pointercancel", hide);
}

/** The buttons over a chart of a chosen span: earlier, later, wider, all. */
export function zoomButtons(state) {
    const { from, to } = state.now;
    if (from === undefined || to === undefined) return h("p", { className: "soft zoom-hint" }, "Draw over the bars, or click one, to look closer.");
    const length = to - from;
    const button = (name, text, first, last) => h("button", { type: "button", className: "small", "aria-label": name, title: name, onclick: () => state.go({ from: first, to: last }) }, text);
    return h("div", { className: "zoom", role: "group", "aria-label": "Span of time" },
        button("Earlier", "‹", from - length, from), h("span", { className: "soft" }, `${span(from, to)} ${zoneName()}`), button("Later", "›", to, to + length),
        button("Zoom out", "Zoom out", from - length, to + length), button("All of the time", "All of the time"));
}

/** Labels below the bars: days where there are several, else times; as many as have room. */
export function timeTicks(edges, step, bar, inner) {
    const zone = zoneName();
    const [start, end] = [toLocal(edges[0], zone), toLocal(edges.at(-1), zone)];
    const room = Math.max(2, Math.floor(inner / 90));
    const length = end - start;
    const isLong = length > 2 * DAY;
    const units = isLong ? [1, 2, 3, 7, 14, 28, 91, 182, 364].map((days) => days * DAY)
        : [SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY];
    const every = units.find((unit) => length / unit <= room) ?? units.at(-1);
    const format = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...(isLong ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit", ...(every < MINUTE && { second: "2-digit" }) }) });
    const ticks = [];
    for (let at = Math.ceil(start / every) * every; at < end; at += every) {
        const x = ((at - start) / step) * bar;
        if (x < inner - 30) ticks.push({ x, text: format.format(at) });
    }
    return ticks;
}
