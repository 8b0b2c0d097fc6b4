// Who and where: the longest lists of senders, recipients, domains and IPs; the largest messages; failures; look-alikes.

import { hourChart, largest, ranking } from "./charts.js";
import { byId, h } from "./dom.js";
import { nothing } from "./filters.js";
import { directionName, number, several, share, time, zoneName } from "./format.js";
import { card, tile } from "./overview.js";
import { familyName } from "./worth.js";

const missing = () => [h("p", { className: "soft" }, "Not in this report.")];

export class Lists {
    #work;
    #state;
    #go;

    constructor(work, state, go) {
        this.#work = work;
        this.#state = state;
        this.#go = go;
    }

    async show({ count }) {
        const place = byId("lists");
        if (count === 0) return place.replaceChildren(nothing(this.#state));
        const { address, term, search, open } = this.#go;
        const lists = await this.#work.call("lists");
        const list = (title, name, calls) => card("", title, lists[name] ? [ranking(title, lists[name], calls)] : missing());
        place.replaceChildren(h("div", { className: "cards" },
            list("Senders", "topSenders", { open: address, show: term("from") }),
            list("Recipients", "topRecipients", { open: address, show: term("to") }),
            list("Domains of senders", "topSenderDomains", { open: search("from", "@"), show: term("from", "@") }),
            list("Domains of recipients", "topRecipientDomains", { open: search("to", "@"), show: term("to", "@") }),
            list("IPs", "topIps", { open: search("ip"), show: term("ip") }),
            ...lists.largest.map(({ name, rows }) => card("wide", `Largest${name || lists.largest.length > 1 ? `, ${directionName(name).toLowerCase()}` : ""}`, [largest(rows, { open, address }, `largest messages, ${directionName(name).toLowerCase()}`)]))));
        return undefined;
    }
}

export class Failures {
    #work;
    #state;
    #go;

    constructor(work, state, go) {
        this.#work = work;
        this.#state = state;
        this.#go = go;
    }

    async show({ count }) {
        const place = byId("failures");
        if (count === 0) return place.replaceChildren(nothing(this.#state));
        const { zone } = this.#state.now;
        const found = await this.#work.call("failures", zone);
        const { address, failed, search } = this.#go;
        if (found.count === 0) return place.replaceChildren(h("p", { className: "empty" }, "None of these messages failed."));
        const rate = { last: ({ count: some, all }) => `${share(some, all)} of ${number(all)}`, lastTitle: "Share" };
        place.replaceChildren(
            h("dl", { className: "tiles few" },
                tile("Failed", number(found.count), found.all ? `${share(found.count, found.all)} of ${several(found.all, "message")}` : ""),
                found.domains?.length > 0 ? tile("Most to", found.domains[0].name, `${number(found.domains[0].count)} of ${number(found.domains[0].all)} failed`) : undefined,
                found.senders?.length > 0 ? tile("Most from", found.senders[0].name, `${number(found.senders[0].count)} of ${number(found.senders[0].all)} failed`) : undefined),
            h("div", { className: "cards" },
                card("", "By domain of the recipient", found.domains ? [ranking("Failures by domain", found.domains, { open: search("to", "@"), show: failed("to", "@"), ...rate })] : missing()),
                card("", "By sender", found.senders ? [ranking("Failures by sender", found.senders, { open: address, show: failed("from"), ...rate })] : missing()),
                card("", "By hour of the day", found.hours ? hourChart(found.hours, found.isSummary ? "UTC" : zoneName()) : missing()),
                card("", "By cause", found.causes?.length > 0
                    ? [ranking("Failures by cause", found.causes, { open: failed("cause"), show: failed("cause"), last: ({ count: some }) => share(some, found.count), lastTitle: "Share" })]
                    : [h("p", { className: "soft" }, "These rows do not say why. Rows with details of their delivery do (m365.message_trace.cause).")])));
        return undefined;
    }
}

export class Lookalikes {
    #work;
    #state;
    #go;

    constructor(work, state, go) {
        this.#work = work;
        this.#state = state;
        this.#go = go;
    }

    async show({ count }) {
        const place = byId("lookalikes");
        if (count === 0) return place.replaceChildren(nothing(this.#state));
        const { guarded, found } = await this.#work.call("lookalikes");
        const { search, term } = this.#go;
        const of = guarded.length === 0 ? "There is no domain to compare with: say which domains are yours." : `Compared with ${guarded.join(", ")}.`;
        if (found.length === 0) return place.replaceChildren(h("div", { className: "empty" }, h("p", {}, "No domain among these messages looks like yours."), h("p", {}, of)));
        const titles = [["Domain", ""], ["Looks like", ""], ["By", ""], ["Messages", "number"], ["Written to", "number"], [`First (${zoneName()})`, ""], ["Last", ""]];
        const cell = (title, child, className = "") => h("td", { className, "data-title": title }, child);
        place.replaceChildren(card("wide", "Domains that look like yours", [h("p", { className: "soft" }, of),
            h("div", { className: "scroll tall", tabIndex: 0, role: "region", "aria-label": "Table of look-alike domains" }, h("table", { className: "plain labelled" },
                h("thead", {}, h("tr", {}, titles.map(([title, className]) => h("th", { scope: "col", className }, title)))),
                h("tbody", {}, found.map((hit) => h("tr", {},
                    h("th", { scope: "row" }, h("button", { type: "button", className: "link", onclick: () => search("domain")(hit.domain) }, hit.domain)),
                    cell("Looks like", hit.resembles),
                    cell("By", familyName(hit.family)),
                    cell("Messages", h("button", { type: "button", className: "link", "aria-label": `Show ${number(hit.count)} messages of ${hit.domain}`, onclick: () => term("domain")(hit.domain) }, number(hit.count)), "number"),
                    cell("Written to", hit.recipients > 0 ? h("span", { title: hit.sample?.join(", ") ?? "" }, number(hit.recipients)) : "–", "number"),
                    cell("First", time(hit.first), "nowrap"),
                    cell("Last", time(hit.last), "nowrap"))))))]));
        return undefined;
    }
}
