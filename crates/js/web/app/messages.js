// The messages: search, filters, the table, and the details of one.

import { byId, h } from "./dom.js";
import { showDetails } from "./details.js";
import { colour, directionName, number, size, statusName, time } from "./format.js";
import { Table } from "./table.js";

const SEARCH_DELAY = 120;

const COLUMNS = [
    { name: "received", title: "Received (UTC)", className: "received", isSortable: true, cell: ({ received }) => time(received) },
    { name: "sender", title: "Sender", className: "sender", isSortable: true, cell: ({ sender }) => sender || none() },
    { name: "recipient", title: "Recipient", className: "recipient", isSortable: true, cell: ({ recipient }) => recipient || none() },
    { name: "subject", title: "Subject", className: "subject", isSortable: true, cell: ({ subject }) => subject || none("No subject") },
    { name: "size", title: "Size", className: "number size", isSortable: true, cell: ({ size: bytes }) => size(bytes) },
    { name: "status", title: "Status", className: "status", isSortable: true, cell: ({ status }) => statusMark(status) },
    { name: "direction", title: "Direction", className: "direction", isSortable: true, cell: ({ direction }) => (direction ? directionName(direction) : none("–")) },
];

export class Messages {
    #work;
    #target;
    #order = { sort: "received", isDescending: true };
    #open;
    #run = 0;

    constructor(work, target) {
        this.#work = work;
        this.#target = target;
        this.shown = { count: 0, isFiltered: false };
        this.table = new Table(byId("table"), {
            label: "Messages",
            columns: COLUMNS,
            read: (from, to) => work.call("rows", from, to),
            open: (position) => this.#openAt(position),
            sort: (order) => ((this.#order = order), this.#find()),
        });
        let waiting;
        byId("search").addEventListener("input", () => {
            clearTimeout(waiting);
            waiting = setTimeout(() => this.#find(), SEARCH_DELAY);
        });
        for (const id of ["status", "direction"]) byId(id).addEventListener("change", () => this.#find());
        byId("filters").addEventListener("submit", (event) => (event.preventDefault(), this.#find()));
        byId("messages").addEventListener("keydown", (event) => {
            if (event.key === "Escape" && this.#open !== undefined) this.close(true);
        });
    }

    async changed() {
        const { statuses, directions } = await this.#work.call("facets");
        choices("status", "Every status", statuses, "none", statusName);
        choices("direction", "Every direction", directions, "unknown", directionName);
        this.close();
        await this.#find();
    }

    show() {
        void this.table.show(this.shown.count);
    }

    /** Shows the messages that fit; what is not wanted is not filtered by. */
    async filter({ search = "", status = "", direction = "" }) {
        byId("search").value = search;
        byId("status").value = status;
        byId("direction").value = direction;
        await this.#find();
        this.table.grid.focus();
    }

    /** Opens a row by its number in the store. */
    async openRow(row) {
        const position = await this.#work.call("position", row);
        if (position < 0) return;
        await this.table.select(position);
        await this.#openAt(position);
    }

    async refreshDetails() {
        if (this.#open !== undefined) await this.#openAt(this.#open, false);
    }

    close(isBack = false) {
        this.#open = undefined;
        byId("details").hidden = true;
        byId("messages").classList.remove("open");
        if (isBack) this.table.grid.focus();
    }

    async #openAt(position, isFocused = true) {
        this.#open = position;
        const details = await this.#work.call("details", position, this.#target.value);
        showDetails(byId("details"), details, this.#target.selectedOptions[0].textContent, () => this.close(true));
        byId("messages").classList.add("open");
        if (isFocused) byId("details").focus({ preventScroll: matchMedia("(min-width: 62rem)").matches });
    }

    async #find() {
        const turn = (this.#run += 1);
        const wanted = { search: byId("search").value, status: byId("status").value, direction: byId("direction").value };
        const { count } = await this.#work.call("query", { ...wanted, ...this.#order });
        // A later search has taken over.
        if (turn !== this.#run) return;
        this.shown = { count, isFiltered: Object.values(wanted).some(Boolean) };
        byId("shown").textContent = `${number(count)} shown`;
        this.table.sorted(this.#order);
        this.close();
        await this.table.show(count);
    }
}

function choices(id, all, facets, none, nameOf) {
    const select = byId(id);
    const before = select.value;
    select.replaceChildren(new Option(all, ""), ...facets.map(({ name, count }) => new Option(`${nameOf(name)} (${number(count)})`, name || none)));
    select.value = [...select.options].some(({ value }) => value === before) ? before : "";
}

function none(text = "none") {
    return h("span", { className: "soft" }, text);
}

function statusMark(status) {
    return [h("i", { className: `dot fill-${colour("status", status)}`, "aria-hidden": "true" }), statusName(status)].reduce(
        (mark, part) => (mark.append(part), mark), h("span", { className: "mark-status" }));
}
