// One address: what it sent, to whom, what failed, from where, and what is usual for it.

import { dayChart, largest, ranking } from "./charts.js";
import { byId, h } from "./dom.js";
import { barsFor, flowChart, zoomButtons } from "./flow.js";
import { number, several, share, size, statusName, stepTime } from "./format.js";
import { card, tile } from "./overview.js";

export class Address {
    #work;
    #state;
    #go;

    constructor(work, state, go) {
        this.#work = work;
        this.#state = state;
        this.#go = go;
    }

    async show() {
        const place = byId("address");
        const { address: name, zone, from, to } = this.#state.now;
        const width = Math.max(280, Math.floor(place.clientWidth) - 40);
        const found = await this.#work.call("address", { address: name, zone, from, to, most: barsFor(width) });
        const { address, look, open, search } = this.#go;
        const all = (key) => () => look({ search: `${key}:${name}` });
        const pick = (first, last) => this.#state.go({ from: first, to: last });
        if (found.sent + found.received === 0) {
            return place.replaceChildren(h("div", { className: "empty" }, h("p", {}, `${name} is in none of the messages that can be searched.`)));
        }
        const list = (title, rows, calls) => (rows.length > 0 ? card("", title, [ranking(title, rows, calls)]) : undefined);
        // Only the row's own side is this address; the other is what is clicked.
        const pair = (mine, theirs, sign = "") => (other) => look({ search: `${mine}:${name} ${theirs}:${sign}${other}` });
        place.replaceChildren(
            h("header", { className: "page-head" }, h("h2", {}, name),
                h("div", { className: "buttons" },
                    found.sent > 0 ? h("button", { type: "button", onclick: all("from") }, `Show ${several(found.sent, "message")} sent`) : undefined,
                    found.received > 0 ? h("button", { type: "button", onclick: all("to") }, `Show ${number(found.received)} received`) : undefined)),
            this.#state.now.search ? h("p", { className: "soft" }, "Everything of this address, whatever is searched for.") : "",
            h("dl", { className: "tiles" },
                tile("Sent", number(found.sent), found.sent > 0 ? `to ${several(found.recipients, "recipient")}` : "nothing"),
                tile("Received", number(found.received), found.received > 0 ? `from ${several(found.topSenders.length, "sender")}${found.topSenders.length === 10 ? " or more" : ""}` : "nothing"),
                tile("Volume sent", size(found.bytes), found.sent > 0 ? `${size(found.bytes / found.sent)} on average` : ""),
                found.sent > 0 ? tile("Failed", share(found.failed, found.sent), `${number(found.failed)} of ${number(found.sent)}`) : undefined,
                tile("First and last", stepTime(found.span[0], 86_400e3), `to ${stepTime(found.span[1], 86_400e3)}`)),
            h("div", { className: "cards" },
                card("wide", found.isSender ? "Sent each day" : "Received each day", dayChart(found.days, width, pick)),
                card("wide", found.isSender ? "Sent over time" : "Received over time", [zoomButtons(this.#state), ...flowChart(found.flow, width, pick)]),
                list("Recipients", found.topRecipients, { open: address, show: pair("from", "to") }),
                list("Domains written to", found.topRecipientDomains, { open: search("to", "@"), show: pair("from", "to", "@") }),
                list("Senders who wrote to it", found.topSenders, { open: address, show: pair("to", "from") }),
                list("Failed to", found.failures, { open: address, show: (other) => look({ search: `from:${name} to:${other} status:failed` }) }),
                list("IPs it sent from", found.ips, { open: search("ip"), show: pair("from", "ip") }),
                list("Status", found.statuses.map((row) => ({ ...row, name: statusName(row.name), status: row.name })), { open: (text) => look({ search: `from:${name} status:${text.toLowerCase().replaceAll(" ", "-")}` }) }),
                found.sent > 0 ? card("wide", "Largest sent", [largest(found.largest, { open: (row) => open(row, true), address })]) : undefined));
        return undefined;
    }
}
