// The messages: the table, and the details of one.

import { byId, h } from "./dom.js";
import { showDetails } from "./details.js";
import { nothing } from "./filters.js";
import { colour, directionName, size, statusName, time, zoneName } from "./format.js";
import { Table } from "./table.js";

export class Messages {
    #work;
    #state;
    #target;
    #address;
    #open;
    #drawn;

    /** `target` is the select of events' shapes; `address` opens an address. */
    constructor(work, state, { target, address }) {
        this.#work = work;
        this.#state = state;
        this.#target = target;
        this.#address = address;
        this.table = new Table(byId("table"), {
            label: "Messages",
            columns: this.#columns(),
            read: (from, to) => work.call("rows", from, to),
            open: (position) => this.#openAt(position),
            sort: ({ sort, isDescending }) => state.go({ sort, isDescending }),
        });
        byId("messages").addEventListener("keydown", (event) => {
            if (event.key === "Escape" && this.#open !== undefined) this.close(true);
        });
    }

    /** Shows what was found. `found` says whether these are other rows than before. */
    async show({ count, key }) {
        const { sort, isDescending } = this.#state.now;
        this.table.entitle("received", `Received (${zoneName()})`);
        this.table.sorted({ sort, isDescending });
        const isEmpty = count === 0 && this.#state.isFiltered;
        byId("none-found").replaceChildren(...(isEmpty ? [nothing(this.#state)] : []));
        byId("split").hidden = isEmpty;
        if (key === this.#drawn) {
            await this.table.redraw();
            return;
        }
        this.#drawn = key;
        this.close();
        await this.table.show(count);
    }

    focus() {
        if (byId("split").hidden) byId("none-found").querySelector("button").focus();
        else this.table.grid.focus();
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
        showDetails(byId("details"), details, {
            targetName: this.#target.selectedOptions[0].textContent, close: () => this.close(true), address: this.#address,
        });
        byId("messages").classList.add("open");
        if (isFocused) byId("details").focus({ preventScroll: matchMedia("(min-width: 62rem)").matches });
    }

    #columns() {
        // A stop of the Tab key for each address would make the table endless: the details have them too.
        const person = (name) => (name ? h("button", { type: "button", className: "link", tabIndex: -1, onclick: (event) => (event.stopPropagation(), this.#address(name)) }, name) : none());
        return [
            { name: "received", title: "Received (UTC)", className: "received", isSortable: true, cell: ({ received }) => time(received) },
            { name: "sender", title: "Sender", className: "sender", isSortable: true, cell: ({ sender }) => person(sender) },
            { name: "recipient", title: "Recipient", className: "recipient", isSortable: true, cell: ({ recipient }) => person(recipient) },
            { name: "subject", title: "Subject", className: "subject", isSortable: true, cell: ({ subject }) => subject || none("No subject") },
            { name: "size", title: "Size", className: "number size", isSortable: true, cell: ({ size: bytes }) => size(bytes) },
            { name: "status", title: "Status", className: "status", isSortable: true, cell: ({ status }) => statusMark(status) },
            { name: "direction", title: "Direction", className: "direction", isSortable: true, cell: ({ direction }) => (direction ? directionName(direction) : none("–")) },
        ];
    }
}

function none(text = "none") {
    return h("span", { className: "soft" }, text);
}

function statusMark(status) {
    return h("span", { className: "mark-status" }, h("i", { className: `dot fill-${colour("status", status)}`, "aria-hidden": "true" }), statusName(status));
}
