// The lines that gave no event: why, how many, which.

import { byId, h } from "./dom.js";
import { text } from "./details.js";
import { number } from "./format.js";
import { Table } from "./table.js";

// What a reason means for the reader, and what can be done.
const REASONS = {
    syntax: ["Not one JSON object", "The line is cut off, damaged, or no JSON at all. Export the file again, or take the line from its source."],
    "unknown-format": ["Not a message-trace row", "JSON, but without the time that every row has (receivedDateTime, Received). Is it another report?"],
    "missing-field": ["Time of receipt missing", "The row has the field, but nothing in it. An event without a time is of no use to a SIEM."],
    "invalid-field": ["Time of receipt unreadable", "The time is in no form that Microsoft writes. In CSV files, look for dates that a spreadsheet has changed."],
    envelope: ["A page within a page", "A row that is itself a list of rows. Save the inner page on its own."],
    "too-long": ["Line too long", "Rows are a few hundred bytes; the limit is one MiB. Are line feeds missing?"],
    "too-deep": ["Nested too deep", "Rows are flat; this is something else."],
};

export class Rejections {
    #work;
    #count = 0;
    #drawn;

    constructor(work) {
        this.#work = work;
    }

    /** Draws anew where other rows were read, else only what is in sight. */
    async show({ generation }) {
        if (generation === this.#drawn) return void (await this.table?.show(this.#count));
        this.#drawn = generation;
        const reasons = await this.#work.call("refusals");
        this.#count = reasons.reduce((sum, { count }) => sum + count, 0);
        this.table = undefined;
        const place = byId("rejections");
        if (this.#count === 0) {
            place.replaceChildren(h("p", { className: "empty" }, "Nothing was refused: every line gave an event."));
            return;
        }
        const list = h("div", { id: "refused" });
        const details = h("section", { className: "details", id: "refused-details", "aria-label": "Details of the rejection", tabIndex: -1, hidden: true });
        place.replaceChildren(
            h("ul", { className: "reasons" }, reasons.map(({ reason, count }) => {
                const [title, meaning] = REASONS[reason] ?? [reason, ""];
                return h("li", {}, h("strong", { className: "number" }, number(count)), h("div", {}, h("h2", {}, title, " ", h("code", {}, reason)), h("p", {}, meaning)));
            })),
            h("div", { className: "split" }, list, details));
        this.table = new Table(list, {
            label: "Rejections",
            columns: [
                { title: "File", className: "file", cell: ({ file }) => file },
                { title: "Line", className: "number line", cell: ({ line }) => number(line) },
                { title: "Reason", className: "reason", cell: ({ reason }) => h("code", {}, reason) },
                { title: "In words", className: "words", cell: ({ message }) => message },
            ],
            read: (from, to) => this.#work.call("refusalRows", from, to),
            open: (position) => this.#open(position, details, place),
        });
        details.addEventListener("keydown", ({ key }) => key === "Escape" && this.#close(details, place));
        await this.table.show(this.#count);
    }

    async #open(position, details, place) {
        const { file, line, reason, message, raw, bytes } = await this.#work.call("refusalDetails", position);
        details.replaceChildren(
            h("header", {}, h("h2", {}, REASONS[reason]?.[0] ?? reason), h("button", { type: "button", className: "quiet", "aria-label": "Close the details", onclick: () => this.#close(details, place) }, "✕")),
            h("p", {}, message),
            h("dl", {}, [["Read from", `${file}, line ${number(line)}`], ["Length", `${number(bytes)} bytes`]].map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
            text("Raw line", raw, raw.length > 20_000 ? `${raw.slice(0, 20_000)}…` : raw));
        details.hidden = false;
        place.classList.add("open");
        details.focus();
    }

    #close(details, place) {
        details.hidden = true;
        place.classList.remove("open");
        this.table.grid.focus();
    }
}
