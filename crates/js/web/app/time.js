// The dialog for a span of time, by clock and calendar.

import { DAY, fromLocal, HOUR, toLocal } from "../common/zone.js";
import { byId, h } from "./dom.js";
import { zoneName } from "./format.js";

const PRESETS = [["Last hour", HOUR], ["Last 24 hours", DAY], ["Last 7 days", 7 * DAY]];

export class TimeDialog {
    #dialog = byId("time");
    #state;
    #bounds;

    /** `bounds` gives the time of the first and the last message. */
    constructor(state, bounds) {
        this.#state = state;
        this.#bounds = bounds;
        byId("time-open").addEventListener("click", () => void this.#show());
        byId("time-cancel").addEventListener("click", () => this.#dialog.close());
        byId("time-form").addEventListener("submit", (event) => {
            event.preventDefault();
            this.#apply();
        });
    }

    async #show() {
        const { from, to } = this.#state.now;
        const [first, last] = await this.#bounds();
        byId("time-zone").textContent = `Times are in ${zoneName()}. Messages from ${text(first).replace("T", " ")} to ${text(last).replace("T", " ")}.`;
        byId("time-from").value = text(from ?? first);
        byId("time-to").value = text(to ?? last + 1000);
        byId("time-error").textContent = "";
        const preset = (name, length) => h("button", { type: "button", onclick: () => this.#go(last + 1 - length, last + 1) }, name);
        byId("time-presets").replaceChildren(
            h("button", { type: "button", onclick: () => this.#go() }, "All of the time"),
            ...PRESETS.filter(([, length]) => length < last - first).map(([name, length]) => preset(name, length)));
        this.#dialog.showModal();
    }

    #apply() {
        const [from, to] = ["time-from", "time-to"].map((id) => Date.parse(`${byId(id).value}Z`));
        if (Number.isNaN(from) || Number.isNaN(to)) return void (byId("time-error").textContent = "Say both times.");
        if (to <= from) return void (byId("time-error").textContent = "The end must be after the beginning.");
        this.#go(fromLocal(from, zoneName()), fromLocal(to, zoneName()));
    }

    #go(from, to) {
        this.#dialog.close();
        void this.#state.go({ from, to });
    }
}

/** A time as the input has it. */
function text(time) {
    return new Date(toLocal(time, zoneName())).toISOString().slice(0, 19);
}
