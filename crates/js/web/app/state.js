// What is looked at: kept in the address, so that it can be gone back to, reloaded and passed on.

import { isZone } from "../common/zone.js";

export const VIEWS = ["overview", "messages", "lists", "failures", "lookalikes", "address", "rejections", "detections", "quality"];
const DEFAULTS = { view: "overview", search: "", from: undefined, to: undefined, zone: "UTC", stack: "status", sort: "received", isDescending: true, address: "" };

export class State {
    #changed;

    /** `changed` is called whenever something is another, whoever did it. */
    constructor(changed) {
        this.#changed = changed;
        this.now = { ...DEFAULTS, ...read(location.hash) };
        for (const event of ["popstate", "hashchange"]) addEventListener(event, () => this.#reread());
    }

    /** Changes something. What is still being typed makes no step to go back to. */
    go(changes, { isTyping = false, isFocused = false } = {}) {
        const hash = write({ ...this.now, ...changes });
        const isSame = hash === write(this.now);
        this.now = { ...this.now, ...changes };
        if (!isSame) history[isTyping ? "replaceState" : "pushState"](null, "", hash);
        return this.#changed({ isFocused });
    }

    /** Everything as at the start, but the time zone. */
    reset() {
        this.now = { ...DEFAULTS, zone: this.now.zone };
        history.replaceState(null, "", write(this.now));
    }

    get isFiltered() {
        const { search, from, to } = this.now;
        return search !== "" || from !== undefined || to !== undefined;
    }

    #reread() {
        // An anchor of the page is no state.
        if (location.hash && !location.hash.includes("view=")) return;
        const wanted = { ...DEFAULTS, ...read(location.hash) };
        if (write(wanted) === write(this.now)) return;
        this.now = wanted;
        void this.#changed({ isFocused: false });
    }
}

function write({ view, search, from, to, zone, stack, sort, isDescending, address }) {
    const words = new URLSearchParams({ view });
    if (address && view === "address") words.set("address", address);
    if (search) words.set("q", search);
    if (from !== undefined) words.set("from", new Date(from).toISOString());
    if (to !== undefined) words.set("to", new Date(to).toISOString());
    if (zone !== DEFAULTS.zone) words.set("zone", zone);
    if (stack !== DEFAULTS.stack) words.set("stack", stack);
    if (sort !== DEFAULTS.sort || !isDescending) words.set("sort", `${isDescending ? "-" : ""}${sort}`);
    return `#${words}`;
}

/** What an address says, as far as it can be used. */
function read(hash) {
    const words = new URLSearchParams(hash.slice(1));
    const found = {};
    if (VIEWS.includes(words.get("view"))) found.view = words.get("view");
    if (words.has("address")) found.address = words.get("address");
    if (words.has("q")) found.search = words.get("q");
    for (const name of ["from", "to"]) {
        const time = Date.parse(words.get(name) ?? "");
        if (!Number.isNaN(time)) found[name] = time;
    }
    if (words.has("zone") && isZone(words.get("zone"))) found.zone = words.get("zone");
    if (words.get("stack") === "direction") found.stack = "direction";
    const [, minus, sort] = /^(-?)(received|sender|recipient|subject|size|status|direction)$/.exec(words.get("sort") ?? "") ?? [];
    if (sort) [found.sort, found.isDescending] = [sort, minus === "-"];
    return found;
}
