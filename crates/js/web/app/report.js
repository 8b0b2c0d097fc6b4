// What a report has beside its messages: detections with their evidence, and the quality of its data.

import { byId, h } from "./dom.js";
import { duration, number, several, size, span, time, zoneName } from "./format.js";
import { card, tile } from "./overview.js";

/** The report's head: its title, and what it is made of. */
export function showHead(report) {
    byId("report-head").hidden = !report;
    byId("loaded-title").className = report ? "" : "hidden";
    byId("loaded-title").textContent = report?.title ?? "Message trace";
    if (!report) return;
    const { summary, rows, made, by } = report;
    const messages = summary?.messages ?? rows.count;
    byId("report-head").textContent = `${several(messages, "message")}${messages > rows.count ? `, of which ${rows.selection} can be searched` : ""}. Made ${time(made)} ${zoneName()}${by ? ` by ${by}` : ""}.`;
}

export class Detections {
    #state;
    #report;
    #look;

    constructor(state, report, look) {
        this.#state = state;
        this.#report = report;
        this.#look = look;
    }

    show() {
        const { detections = [] } = this.#report() ?? {};
        const place = byId("detections");
        if (detections.length === 0) return place.replaceChildren(h("p", { className: "empty" }, "No rule raised an alert."));
        place.replaceChildren(h("ul", { className: "alerts" }, detections.map((alert) => this.#alert(alert))));
        return undefined;
    }

    #alert({ rule, level = "medium", time: raised, entity, from, to, observed, threshold, unit = "", reason, technique = [], query, isOpen = true }) {
        const value = (of) => (unit === "bytes" ? size(of) : `${number(of)} ${unit}`.trim());
        const facts = [
            ["Concerns", entity], ["Window", from !== undefined && to !== undefined && `${span(from, to)} ${zoneName()} (${duration(to - from)})`],
            ["Observed", observed !== undefined && value(observed)], ["Threshold", threshold !== undefined && value(threshold)],
            ["Technique", technique.join(", ")], ["Raised", `${time(raised)} ${zoneName()}`], ["State", isOpen ? "open" : "over"],
        ].filter(([, text]) => text);
        const rows = query && h("button", { type: "button", onclick: () => this.#look({ search: query, from, to }) }, "Show its messages");
        return h("li", { className: `card alert ${level}` },
            h("header", {}, h("h2", {}, rule.name ?? rule.id), h("span", { className: `level ${level}` }, level)),
            h("p", {}, reason),
            h("dl", { className: "facts" }, facts.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text)))),
            rows || undefined, h("code", { className: "soft" }, rule.id));
    }
}

export class Quality {
    #report;

    constructor(report) {
        this.#report = report;
    }

    show() {
        const { quality = {}, rows } = this.#report() ?? {};
        const { coverage = [], gaps = [], duplicates, rejections = [], notes = [] } = quality;
        const refused = rejections.reduce((sum, { count }) => sum + count, 0);
        const covered = coverage.reduce((sum, { from, to }) => sum + to - from, 0);
        const missing = gaps.reduce((sum, { from, to }) => sum + to - from, 0);
        byId("quality").replaceChildren(
            h("dl", { className: "tiles" },
                tile("Covered", covered > 0 ? duration(covered) : "–", coverage.length > 0 ? several(coverage.length, "span") : "not in this report"),
                tile("Gaps", number(gaps.length), missing > 0 ? `${duration(missing)} in all` : "none is known"),
                duplicates === undefined ? undefined : tile("Came twice", number(duplicates), "counted once"),
                tile("Rejected lines", number(refused), several(rejections.length, "reason")),
                tile("Searchable", number(rows?.count ?? 0), rows?.selection ?? "")),
            h("div", { className: "cards" },
                quality.coverage ? spans("Coverage", coverage) : card("", "Coverage", [h("p", { className: "soft" }, "Not in this report.")]),
                spans("Gaps", gaps),
                rejections.length > 0 ? card("", "Rejections", [h("ul", { className: "parts" }, rejections.map(({ reason, count }) => h("li", {}, h("code", {}, reason), h("span", { className: "number" }, number(count)), h("span"))))]) : undefined,
                notes.length > 0 ? card("", "Notes", [h("ul", { className: "notes" }, notes.map((note) => h("li", {}, note)))]) : undefined));
    }
}

function spans(title, list) {
    if (list.length === 0) return card("", title, [h("p", { className: "soft" }, "None.")]);
    return card("", `${title} (${zoneName()})`, [h("ul", { className: "notes" }, list.map(({ from, to, reason }) =>
        h("li", {}, h("span", {}, span(from, to)), h("span", { className: "soft" }, ` ${duration(to - from)}${reason ? `: ${reason}` : ""}`))))]);
}
