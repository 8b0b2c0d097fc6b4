// The filters, on every view: the search, its terms and the span of time as chips, the time zone.

import { termsOf, valueOf, without, withTerm } from "../common/terms.js";
import { byId, h } from "./dom.js";
import { directionName, number, several, span, statusName } from "./format.js";

const SEARCH_DELAY = 120;
const KEY_NAMES = { from: "From", to: "To", domain: "Domain", ip: "IP", status: "Status", direction: "Direction", subject: "Subject", id: "Id", cause: "Cause" };

export class Filters {
    #state;

    constructor(state) {
        this.#state = state;
        let waiting;
        const search = byId("search");
        const find = (isTyping) => {
            clearTimeout(waiting);
            void state.go({ search: search.value.trim() }, { isTyping });
        };
        search.addEventListener("input", () => {
            clearTimeout(waiting);
            waiting = setTimeout(find, SEARCH_DELAY, true);
        });
        byId("filters").addEventListener("submit", (event) => (event.preventDefault(), find(false)));
        for (const key of ["status", "direction"]) {
            byId(key).addEventListener("change", ({ target }) => state.go({ search: withTerm(state.now.search, key, target.value) }));
        }
        this.#zones();
    }

    /** What can be chosen, as other rows were read. */
    facets({ statuses, directions }) {
        choices("status", "Every status", statuses, "none", statusName);
        choices("direction", "Every direction", directions, "unknown", directionName);
    }

    /** Shows the filters and how many messages they leave. */
    show({ count, total, isFiltered }, report) {
        const { search, from, to, zone } = this.#state.now;
        const box = byId("search");
        if (box.value.trim() !== search) box.value = search;
        for (const key of ["status", "direction"]) choose(byId(key), valueOf(search, key).toLowerCase());
        choose(byId("zone"), zone, zone);
        byId("shown").replaceChildren(h("strong", {}, number(count)), ` ${isFiltered ? `of ${several(total, "message")}` : count === 1 ? "message" : "messages"}`);
        const all = report?.summary?.messages;
        byId("scope").hidden = !(all > total);
        const selection = report?.rows.selection ?? "";
        const searched = selection.includes(number(total)) ? selection : `${selection} (${number(total)})`;
        byId("scope").textContent = isFiltered
            ? `Searched are ${searched} of ${several(all ?? 0, "message")}. What is counted is counted among these.`
            : `Without a filter the numbers are over all ${several(all ?? 0, "message")}; ${searched} can be searched.`;
        this.#chips(search, from, to);
    }

    #chips(search, from, to) {
        const state = this.#state;
        const chips = termsOf(search).map(({ key, value, isNot, isPhrase }, at) => {
            const name = `${isNot ? "not " : ""}${key ? `${KEY_NAMES[key]}: ` : ""}${valueName(key, isPhrase && !key ? `“${value}”` : value)}`;
            return chip(name, () => state.go({ search: without(state.now.search, at) }));
        });
        if (from !== undefined || to !== undefined) {
            chips.push(chip(spanName(from, to), () => state.go({ from: undefined, to: undefined })));
        }
        const clear = h("button", { type: "button", className: "chip quiet", onclick: () => this.clear() }, "Clear all");
        const place = byId("chips");
        const hadFocus = place.contains(document.activeElement);
        place.hidden = chips.length === 0;
        place.replaceChildren(...chips.map((element) => h("li", {}, element)), ...(chips.length > 1 ? [h("li", {}, clear)] : []));
        // What was taken off took the focus with it.
        if (hadFocus) (place.querySelector("button") ?? byId("search")).focus();
    }

    clear() {
        return this.#state.go({ search: "", from: undefined, to: undefined });
    }

    #zones() {
        const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
        const known = Intl.supportedValuesOf?.("timeZone") ?? [];
        const select = byId("zone");
        select.append(new Option("UTC", "UTC"), ...(own && own !== "UTC" ? [new Option(`${own} (this computer)`, own)] : []),
            h("optgroup", { label: "All time zones" }, known.filter((name) => name !== own && name !== "UTC").map((name) => new Option(name.replaceAll("_", " "), name))));
        select.addEventListener("change", () => this.#state.go({ zone: select.value }));
    }
}

/** Says that nothing is found, and offers the way out. */
export function nothing(state) {
    const { search, from, to } = state.now;
    const clear = (changes, text) => h("button", { type: "button", onclick: () => state.go(changes, { isFocused: true }) }, text);
    const hasSpan = from !== undefined || to !== undefined;
    return h("div", { className: "empty", role: "status" },
        h("p", {}, "No message fits these filters."),
        h("div", { className: "buttons" },
            search && hasSpan ? clear({ from: undefined, to: undefined }, "Search all of the time") : undefined,
            clear({ search: "", from: undefined, to: undefined }, "Clear the filters")));
}

function spanName(from, to) {
    if (from === undefined) return `before ${span(to, to).split(" to ")[0]}`;
    return to === undefined ? `since ${span(from, from).split(" to ")[0]}` : span(from, to);
}

function valueName(key, value) {
    if (key === "status") return value.toLowerCase() === "none" ? "No status" : statusName(value);
    if (key === "direction") return directionName(value.toLowerCase() === "unknown" ? "" : value.toLowerCase());
    return value;
}

function chip(name, remove) {
    return h("button", { type: "button", className: "chip", onclick: remove, "aria-label": `Remove the filter ${name}` },
        h("span", {}, name), h("span", { className: "cross", "aria-hidden": "true" }, "×"));
}

function choices(id, all, facets, none, nameOf) {
    byId(id).replaceChildren(new Option(all, ""), ...facets.map(({ name, count }) => new Option(`${nameOf(name)} (${number(count)})`, name || none)));
}

function choose(select, value, ifNone = "") {
    select.value = [...select.options].some((option) => option.value === value) ? value : ifNone;
}
