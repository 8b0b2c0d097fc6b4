// Charts as drawings with a table beside each, so that every number can be read without seeing it.

import { h, svg } from "./dom.js";
import { colour, directionName, number, share, size, statusName, time } from "./format.js";

const HEIGHT = 230;
const LEFT = 48;
const BOTTOM = 24;
const TOP = 10;
const MAX_BAR = 56;
const HOUR = 3600e3;
const DAY = 24 * HOUR;

const nameOf = (stack, name) => (stack === "direction" ? directionName(name) : statusName(name));

/** Mail flow over time: a bar for each step, stacked. `width` is that of the place it goes to, in pixels. */
export function flowChart({ stack, step, start, names, bars }, width) {
    const totals = names.map((_, at) => bars.reduce((sum, bar) => sum + bar[at], 0));
    // The largest at the bottom, where lengths compare best.
    const order = names.map((_, at) => at).filter((at) => totals[at] > 0).sort((one, other) => totals[other] - totals[one]);
    const sums = bars.map((bar) => bar.reduce((sum, value) => sum + value, 0));
    const { top, ticks } = scale(Math.max(1, ...sums));
    const inner = width - LEFT - 8;
    const bar = inner / bars.length;
    // A few bars stay bars.
    const gap = Math.max(bar - MAX_BAR, bar > 5 ? Math.min(4, bar * 0.2) : bar > 2 ? 0.5 : 0);
    const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);

    const grid = ticks.map((tick) =>
        svg("g", {}, svg("line", { x1: LEFT, x2: width - 8, y1: y(tick), y2: y(tick), class: "rule" }),
            svg("text", { x: LEFT - 8, y: y(tick) + 4, class: "tick end" }, short(tick))));
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
        const title = svg("title", {}, [stepName(start + at * step, step), ...lines].join("\n"));
        const catcher = svg("rect", { x: LEFT + at * bar, width: bar, y: TOP, height: HEIGHT - TOP - BOTTOM, class: "catch" });
        return svg("g", { class: "column" }, title, catcher, parts);
    });
    const most = sums.indexOf(Math.max(...sums));
    const label = `Messages over time, ${order.map((name) => `${nameOf(stack, names[name])} ${number(totals[name])}`).join(", ")}. Most, ${number(sums[most] ?? 0)}, at ${stepName(start + most * step, step)} UTC.`;
    const drawing = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, role: "img", "aria-label": label, class: "chart" },
        grid, columns, timeTicks(start, step, bars.length, bar, inner).map(({ x, text }) => svg("text", { x: LEFT + x, y: HEIGHT - 6, class: "tick" }, text)));
    const rows = bars.map((values, at) => [stepName(start + at * step, step), ...order.map((name) => number(values[name]))]);
    return [
        legend(order.map((name) => [nameOf(stack, names[name]), colour(stack, names[name])])),
        drawing,
        asTable("Messages over time", ["From (UTC)", ...order.map((name) => nameOf(stack, names[name]))], rows),
    ];
}

/** One bar in parts, with a line for each part. */
export function split(stack, parts, whole, pick) {
    const label = parts.map(({ name, count }) => `${nameOf(stack, name)} ${share(count, whole)}`).join(", ");
    return [
        h("div", { className: "stack", role: "img", "aria-label": label },
            parts.map(({ name, count }) => h("span", { className: `fill-${colour(stack, name)}`, "--share": String(count), title: `${nameOf(stack, name)}: ${number(count)}` }))),
        h("ul", { className: "parts" }, parts.map(({ name, count }) => h("li", {},
            h("button", { type: "button", className: "link", onclick: () => pick(name) }, h("i", { className: `dot fill-${colour(stack, name)}`, "aria-hidden": "true" }), nameOf(stack, name)),
            h("span", { className: "number" }, number(count)), h("span", { className: "number soft" }, share(count, whole))))),
    ];
}

/** Names with a bar each: a table that is its own chart. */
export function ranking(caption, rows, pick) {
    const most = Math.max(1, ...rows.map(({ count }) => count));
    return h("table", { className: "ranking" },
        h("caption", { className: "hidden" }, caption),
        h("colgroup", {}, ["name", "count", "bytes"].map((className) => h("col", { className }))),
        h("thead", { className: "hidden" }, h("tr", {}, ["Address", "Messages", "Size"].map((title) => h("th", { scope: "col" }, title)))),
        h("tbody", {}, rows.map(({ name, count, bytes }) => h("tr", { "--share": String(count / most) },
            h("th", { scope: "row" }, h("button", { type: "button", className: "link", title: name, onclick: () => pick(name) }, name)),
            h("td", { className: "number" }, number(count)), h("td", { className: "number soft" }, size(bytes))))));
}

/** The largest messages. */
export function largest(rows, open) {
    return h("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Table of the largest messages" },
        h("table", { className: "plain" },
            h("thead", {}, h("tr", {}, ["Size", "Subject", "Sender", "Recipient", "Received (UTC)"].map((title, at) => h("th", { scope: "col", className: at === 0 ? "number" : "" }, title)))),
            h("tbody", {}, rows.map((row) => h("tr", {},
                h("td", { className: "number" }, size(row.size)),
                h("td", {}, h("button", { type: "button", className: "link", onclick: () => open(row.row) }, row.subject || "No subject")),
                h("td", {}, row.sender), h("td", {}, row.recipient), h("td", { className: "nowrap" }, time(row.received)))))));
}

function legend(entries) {
    return h("ul", { className: "legend" }, entries.map(([name, ending]) => h("li", {}, h("i", { className: `dot fill-${ending}`, "aria-hidden": "true" }), name)));
}

function asTable(caption, titles, rows) {
    const draw = (details) => {
        if (!details.open || details.children.length > 1) return;
        details.append(h("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": `${caption}, as a table` }, h("table", { className: "plain" },
            h("caption", { className: "hidden" }, caption),
            h("thead", {}, h("tr", {}, titles.map((title, at) => h("th", { scope: "col", className: at > 0 ? "number" : "" }, title)))),
            h("tbody", {}, rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((cell) => h("td", { className: "number" }, cell))))))));
    };
    return h("details", { className: "as-table", ontoggle: ({ target }) => draw(target) }, h("summary", {}, "As a table"));
}

/** A round top and the lines below it. */
function scale(most) {
    const rough = most / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = Math.max(1, [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough));
    const whole = Math.ceil(step);
    const ticks = Array.from({ length: Math.ceil(most / whole) + 1 }, (_, at) => at * whole);
    return { top: ticks.at(-1), ticks };
}

const short = (value) => (value >= 1e6 ? `${value / 1e6}M` : value >= 1e4 ? `${value / 1e3}k` : number(value));

function stepName(at, step) {
    const text = new Date(at).toISOString();
    return step >= DAY ? text.slice(0, 10) : text.slice(0, 16).replace("T", " ");
}

/** Labels below the bars: days where there are several, else times; as many as have room. */
function timeTicks(start, step, count, bar, inner) {
    const end = start + count * step;
    const isLong = end - start > 2 * DAY;
    const unit = isLong ? DAY : HOUR;
    const room = Math.max(2, Math.floor(inner / 90));
    const every = unit * Math.max(1, niceEvery(Math.ceil((end - start) / unit / room), isLong));
    const format = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...(isLong ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" }) });
    const ticks = [];
    for (let at = Math.ceil(start / every) * every; at < end; at += every) {
        const x = ((at - start) / step) * bar;
        if (x < inner - 30) ticks.push({ x, text: format.format(at) });
    }
    return ticks;
}

function niceEvery(least, isDays) {
    return (isDays ? [1, 2, 3, 7, 14, 28, 91, 182, 364] : [1, 2, 3, 6, 12, 24]).find((every) => every >= least) ?? least;
}
