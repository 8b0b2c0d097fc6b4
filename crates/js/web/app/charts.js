// Charts as drawings with a table beside each, so that every number can be read without seeing it.

import { h, svg } from "./dom.js";
import { grid, timeTicks } from "./flow.js";
import { colour, directionName, number, share, size, statusName, stepTime, time, zoneName } from "./format.js";

export const nameOf = (stack, name) => (stack === "direction" ? directionName(name) : statusName(name));

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

/**
 * Names with a bar each: a table that is its own chart. A click on a name opens it, one on its number shows the messages
 * that were counted.
 */
export function ranking(caption, rows, { open, show, last = ({ bytes }) => size(bytes), lastTitle = "Size" }) {
    if (rows.length === 0) return h("p", { className: "soft" }, "None.");
    const most = Math.max(1, ...rows.map(({ count }) => count));
    return h("table", { className: "ranking" },
        h("caption", { className: "hidden" }, caption),
        h("colgroup", {}, ["of-name", "of-count", "of-last"].map((className) => h("col", { className }))),
        h("thead", { className: "hidden" }, h("tr", {}, ["Name", "Messages", lastTitle].map((title) => h("th", { scope: "col" }, title)))),
        h("tbody", {}, rows.map((row) => h("tr", { "--share": String(row.count / most) },
            h("th", { scope: "row" }, h("button", { type: "button", className: "link", title: row.name, onclick: () => open(row.name) }, row.name)),
            h("td", { className: "number" }, show ? h("button", { type: "button", className: "link", "aria-label": `Show ${number(row.count)} messages of ${row.name}`, onclick: () => show(row.name) }, number(row.count)) : number(row.count)),
            h("td", { className: "number soft" }, last(row))))));
}

/** The largest messages. */
export function largest(rows, { open, address }, of = "largest messages") {
    if (rows.length === 0) return h("p", { className: "soft" }, "No message has a size.");
    const titles = [["Size", "number"], ["Subject", ""], ["Sender", ""], ["Recipient", ""], [`Received (${zoneName()})`, ""]];
    const person = (name) => h("button", { type: "button", className: "link", onclick: () => address(name) }, name);
    return h("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": `Table of the ${of}` },
        h("table", { className: "plain stacked" },
            h("thead", {}, h("tr", {}, titles.map(([title, className]) => h("th", { scope: "col", className }, title)))),
            h("tbody", {}, rows.map((row) => h("tr", {},
                h("td", { className: "number" }, size(row.size)),
                h("td", { className: "main" }, row.row === undefined ? row.subject || "No subject" : h("button", { type: "button", className: "link", onclick: () => open(row.row) }, row.subject || "No subject")),
                h("td", { className: "from" }, person(row.sender)), h("td", { className: "to" }, person(row.recipient)), h("td", { className: "nowrap soft" }, time(row.received)))))));
}

/** Messages a day with the band that is usual; days above it stand out. */
export function dayChart({ edges, counts, band }, width, pick) {
    const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [150, 48, 8, 10, 24];
    const { top, ticks } = scale(Math.max(1, ...counts, band?.high ?? 0));
    const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
    const inner = width - LEFT - RIGHT;
    const bar = inner / counts.length;
    const gap = Math.max(bar - 40, bar > 4 ? Math.min(4, bar * 0.2) : 0);
    const isAbove = (count) => band !== undefined && count > band.high;
    const above = counts.filter(isAbove).length;
    const label = `Messages a day: ${number(Math.min(...counts))} to ${number(Math.max(...counts))}.${band ? ` Usual: ${usual(band)}. ${above === 0 ? "No day is above that." : `${number(above)} above that.`}` : ""}`;
    const drawing = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, role: "img", "aria-label": label, class: "chart" },
        grid(ticks, y, width),
        band ? [svg("rect", { x: LEFT, width: inner, y: y(band.high), height: Math.max(1, y(band.low) - y(band.high)), class: "band" }),
            svg("line", { x1: LEFT, x2: LEFT + inner, y1: y(band.middle), y2: y(band.middle), class: "band-line" })] : [],
        counts.map((count, at) => {
            const column = svg("g", { class: "column" }, svg("title", {}, `${stepTime(edges[at], 86_400e3)}: ${number(count)}`),
                svg("rect", { x: LEFT + at * bar, width: bar, y: TOP, height: HEIGHT - TOP - BOTTOM, class: "catch" }),
                svg("rect", { x: LEFT + at * bar + gap / 2, width: Math.max(0.5, bar - gap), y: y(count), height: y(0) - y(count), class: isAbove(count) ? "fill-above" : "fill-day" }));
            column.addEventListener("click", () => pick(edges[at], edges[at + 1]));
            return column;
        }),
        timeTicks(edges, 86_400e3, bar, inner).map(({ x, text }) => svg("text", { x: LEFT + x, y: HEIGHT - 6, class: "tick" }, text)));
    const rows = () => counts.map((count, at) => [stepTime(edges[at], 86_400e3), number(count), isAbove(count) ? "above" : ""]);
    return [
        h("p", { className: "soft" }, band ? `Usual is ${usual(band)} (median of all days, three robust deviations to either side).${above > 0 ? ` ${above === 1 ? "One day is" : `${number(above)} days are`} above.` : ""}`
            : "Too few days to say what is usual."),
        drawing, asTable("Messages a day", [`Day (${zoneName()})`, "Messages", "Usual"], rows),
    ];
}

const usual = ({ low, high }) => `${number(Math.round(low))} to ${number(Math.round(high))} a day`;

/** Counts by hour of the day. */
export function hourChart(counts, zone) {
    const most = Math.max(1, ...counts);
    return [
        h("div", { className: "hours", role: "img", "aria-label": `By hour of the day: most, ${number(most)}, at ${String(counts.indexOf(Math.max(...counts))).padStart(2, "0")}:00 ${zone}.` },
            counts.map((count, hour) => h("span", { title: `${String(hour).padStart(2, "0")}:00 ${zone}: ${number(count)}` },
                h("i", { "--share": String(count / most) }), h("b", {}, hour % 6 === 0 ? String(hour).padStart(2, "0") : "")))),
        asTable("By hour of the day", [`Hour (${zone})`, "Failed"], () => counts.map((count, hour) => [`${String(hour).padStart(2, "0")}:00`, number(count)])),
    ];
}

export function legend(entries) {
    return h("ul", { className: "legend" }, entries.map(([name, ending]) => h("li", {}, h("i", { className: `dot fill-${ending}`, "aria-hidden": "true" }), name)));
}

/** The numbers of a chart, made when they are asked for. */
export function asTable(caption, titles, rows) {
    const draw = (details) => {
        if (!details.open || details.children.length > 1) return;
        details.append(h("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": `${caption}, as a table` }, h("table", { className: "plain" },
            h("caption", { className: "hidden" }, caption),
            h("thead", {}, h("tr", {}, titles.map((title, at) => h("th", { scope: "col", className: at > 0 ? "number" : "" }, title)))),
            h("tbody", {}, rows().map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((cell) => h("td", { className: "number" }, cell))))))));
    };
    return h("details", { className: "as-table", ontoggle: ({ target }) => draw(target) }, h("summary", {}, "As a table"));
}

/** A round top and the lines below it. */
export function scale(most) {
    const rough = most / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = Math.max(1, [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough));
    const whole = Math.ceil(step);
    const ticks = Array.from({ length: Math.ceil(most / whole) + 1 }, (_, at) => at * whole);
    return { top: ticks.at(-1), ticks };
}

export const shortNumber = (value) => (value >= 1e6 ? `${value / 1e6}M` : value >= 1e4 ? `${value / 1e3}k` : number(value));
