// The overview: what is worth a look, numbers and charts of what was found.

import { largest, ranking, split } from "./charts.js";
import { byId, h } from "./dom.js";
import { nothing } from "./filters.js";
import { barsFor, flowChart, zoomButtons } from "./flow.js";
import { number, several, share, size, time, zoneName } from "./format.js";

import { worthALook } from "./worth.js";

export class Overview {
    #work;
    #state;
    #go;
    #numbers;
    #drawnWidth = 0;

    constructor(work, state, go) {
        this.#work = work;
        this.#state = state;
        this.#go = go;
        new ResizeObserver(([{ contentRect }]) => {
            if (contentRect.width === 0 || contentRect.width === this.#drawnWidth) return;
            this.#drawnWidth = contentRect.width;
            void this.#redrawFlow();
        }).observe(byId("overview"));
    }

    async show() {
        const place = byId("overview");
        this.#drawnWidth = place.clientWidth;
        const [numbers, findings] = await Promise.all([this.#read(), this.#work.call("findings")]);
        this.#numbers = numbers;
        this.#draw(place, numbers, findings);
    }

    #read() {
        const { stack, zone, from, to } = this.#state.now;
        return this.#work.call("overview", { stack, zone, from, to, most: barsFor(byId("overview").clientWidth - 40) });
    }

    #draw(place, numbers, findings) {
        const { open, address, term, messages, look } = this.#go;
        if (numbers.messages === 0 && !this.#state.isFiltered) {
            place.replaceChildren(h("p", { className: "empty" }, "There is no message to show. What was refused, and why, is under Rejections."));
            return;
        }
        const count = (name) => numbers.statuses.find((status) => status.name === name)?.count ?? 0;
        const stopped = count("failed") + count("quarantined") + count("filtered-as-spam");
        const hasDirections = numbers.directions.some(({ name }) => name);
        this.flow = h("div", { className: "flow" });
        place.replaceChildren(
            card("wide worth", "Worth a look", [h("p", { className: "soft" }, numbers.isSummary ? "In the messages that can be searched." : this.#state.isFiltered ? "In everything that was read, whatever is filtered." : "In everything that was read."), worthALook(findings, look)].flat()),
            ...(numbers.messages === 0 ? [nothing(this.#state)] : [h("dl", { className: "tiles" },
                tile("Messages", number(numbers.messages), period(numbers)),
                numbers.sized > 0
                    ? tile("Volume", size(numbers.bytes), `${size(numbers.bytes / numbers.sized)} on average`)
                    : tile("Volume", "–", "no message has a size"),
                tile("Senders", number(numbers.senders), `to ${several(numbers.recipients, "recipient")}`),
                tile("Failed or stopped", share(stopped, numbers.messages), `${number(stopped)} failed, quarantined or filtered`))]),
            h("div", { className: "cards" },
                card("wide", "Mail flow over time", [this.#stacking(), this.flow]),
                ...(numbers.messages === 0 ? [] : [
                    card("", "Status", split("status", numbers.statuses, numbers.messages, (status) => messages([["status", status || "none"]]))),
                    card("", "Direction", hasDirections
                        ? split("direction", numbers.directions, numbers.messages, (direction) => messages([["direction", direction || "unknown"]]))
                        : [h("p", { className: "soft" }, "Say which domains are yours, above, to see what is inbound, outbound and internal.")]),
                    card("", "Top senders", [ranking("Top senders", numbers.topSenders, { open: address, show: term("from") })]),
                    card("", "Top recipients", [ranking("Top recipients", numbers.topRecipients, { open: address, show: term("to") })]),
                    card("wide", "Largest messages", [largest(numbers.largest, { open, address })]),
                ])));
        this.#drawFlow();
    }

    /** Another width has room for other bars. */
    async #redrawFlow() {
        if (!this.flow?.isConnected || byId("overview").hidden) return;
        this.#numbers = await this.#read();
        this.#drawFlow();
    }

    #drawFlow() {
        const { flow } = this.#numbers;
        const width = Math.max(280, Math.floor(this.flow.clientWidth));
        this.flow.replaceChildren(...(flow ? [zoomButtons(this.#state), ...flowChart(flow, width, (from, to) => this.#state.go({ from, to }))]
            : [h("p", { className: "soft" }, "Not in this report.")]));
    }

    #stacking() {
        const choice = (name, title) => h("label", {}, h("input", {
            type: "radio", name: "stack", value: name, checked: this.#state.now.stack === name,
            onchange: () => this.#state.go({ stack: name }),
        }), h("span", {}, title));
        return h("fieldset", { className: "choice" }, h("legend", { className: "hidden" }, "Stacked by"), choice("status", "Status"), choice("direction", "Direction"));
    }
}

export function tile(name, value, more) {
    return h("div", {}, h("dt", {}, name), h("dd", {}, h("strong", {}, value), h("span", {}, more)));
}

export function card(className, title, children) {
    return h("section", { className: `card ${className}`, "aria-label": title }, h("h2", {}, title), children);
}

/** From when to when: days, or minutes where it is less than two days. */
function period({ from, to }) {
    const length = to - from < 2 * 86_400e3 ? 16 : 10;
    const [first, last] = [time(from).slice(0, length), time(to).slice(0, length)];
    return first === last ? `${first} ${zoneName()}` : `${first} to ${last}`;
}
