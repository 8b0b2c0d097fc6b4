// The overview: numbers and charts of everything that was read.

import { flowChart, largest, ranking, split } from "./charts.js";
import { byId, h } from "./dom.js";
import { number, several, share, size, time } from "./format.js";

export class Overview {
    #work;
    #go;
    #stack = "status";
    #numbers;

    /** `filter` shows messages that fit, `open` one row. */
    constructor(work, { filter, open }) {
        this.#work = work;
        this.#go = { filter, open };
        let width = 0;
        new ResizeObserver(([{ contentRect }]) => {
            if (contentRect.width === width) return;
            width = contentRect.width;
            this.#drawFlow();
        }).observe(byId("overview"));
    }

    async changed() {
        this.#numbers = await this.#work.call("overview", this.#stack);
        this.#draw();
    }

    show() {
        this.#drawFlow();
    }

    #draw() {
        const numbers = this.#numbers;
        const { filter, open } = this.#go;
        const place = byId("overview");
        if (numbers.rows === 0) {
            place.replaceChildren(h("p", { className: "empty" }, "There is no message to show. What was refused, and why, is under Rejections."));
            return;
        }
        const count = (name) => numbers.statuses.find((status) => status.name === name)?.count ?? 0;
        const stopped = count("failed") + count("quarantined") + count("filtered-as-spam");
        const hasDirections = numbers.directions.some(({ name }) => name);
        this.flow = h("div", { className: "flow" });
        place.replaceChildren(
            h("dl", { className: "tiles" },
                tile("Messages", number(numbers.rows), period(numbers)),
                numbers.bytes > 0
                    ? tile("Volume", size(numbers.bytes), `${size(numbers.bytes / numbers.rows)} on average`)
                    : tile("Volume", "–", "no message has a size"),
                tile("Senders", number(numbers.senders), `to ${several(numbers.recipients, "recipient")}`),
                tile("Failed or stopped", share(stopped, numbers.rows), `${number(stopped)} failed, quarantined or filtered`)),
            h("div", { className: "cards" },
                card("wide", "Mail flow over time", [this.#stacking(), this.flow]),
                card("", "Status", split("status", numbers.statuses, numbers.rows, (status) => filter({ status: status || "none" }))),
                card("", "Direction", hasDirections
                    ? split("direction", numbers.directions, numbers.rows, (direction) => filter({ direction: direction || "unknown" }))
                    : [h("p", { className: "soft" }, "Say which domains are yours, above, to see what is inbound, outbound and internal.")]),
                card("", "Top senders", [ranking("Top senders", numbers.topSenders, (search) => filter({ search }))]),
                card("", "Top recipients", [ranking("Top recipients", numbers.topRecipients, (search) => filter({ search }))]),
                card("wide", "Largest messages", [largest(numbers.largest, open)])));
        this.#drawFlow();
    }

    #drawFlow() {
        if (!this.flow?.isConnected || byId("overview").hidden) return;
        const width = Math.max(280, Math.floor(this.flow.clientWidth));
        this.flow.replaceChildren(...flowChart(this.#numbers.flow, width));
    }

    #stacking() {
        const choice = (name, title) => h("label", {}, h("input", {
            type: "radio", name: "stack", value: name, checked: this.#stack === name,
            onchange: async () => {
                this.#stack = name;
                this.#numbers = await this.#work.call("overview", name);
                this.#drawFlow();
            },
        }), h("span", {}, title));
        return h("fieldset", { className: "choice" }, h("legend", { className: "hidden" }, "Stacked by"), choice("status", "Status"), choice("direction", "Direction"));
    }
}

function tile(name, value, more) {
    return h("div", {}, h("dt", {}, name), h("dd", {}, h("strong", {}, value), h("span", {}, more)));
}

function card(className, title, children) {
    return h("section", { className: `card ${className}`, "aria-label": title }, h("h2", {}, title), children);
}

/** From when to when: days, or minutes where it is less than two days. */
function period({ from, to }) {
    const length = to - from < 2 * 86_400e3 ? 16 : 10;
    const [first, last] = [time(from).slice(0, length), time(to).slice(0, length)];
    return first === last ? `${first} UTC` : `${first} to ${last}`;
}
