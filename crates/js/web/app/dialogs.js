// Two questions: the order of day and month, and what to export.

import { byId } from "./dom.js";
import { number, several } from "./format.js";

/** Asks for the order of day and month where a file leaves it open. Nothing is guessed: without an answer the file is not read. */
export class DatesDialog {
    #dialog = byId("dates");

    constructor() {
        this.#dialog.addEventListener("change", () => (byId("dates-go").disabled = false));
        byId("dates-cancel").addEventListener("click", () => this.#dialog.close());
    }

    ask({ file, date, dmy, mdy, proof }) {
        byId("dates-text").textContent = `In ${file} there is the date “${date}”. It may be either:`;
        byId("dates-dmy").textContent = dmy.slice(0, 10);
        byId("dates-mdy").textContent = mdy.slice(0, 10);
        byId("dates-proof").textContent = proof
            ? `Another date of the file, “${proof.date}”, can only be ${proof.order === "dmy" ? "day first" : "month first"}.`
            : "";
        for (const radio of this.#dialog.querySelectorAll("input")) radio.checked = false;
        byId("dates-go").disabled = true;
        this.#dialog.returnValue = "";
        this.#dialog.showModal();
        // Cancel and Esc give no answer: the file is not read, and that is said.
        return new Promise((resolve) =>
            this.#dialog.addEventListener("close", () => resolve(this.#dialog.returnValue === "read" ? this.#dialog.querySelector("input:checked")?.value : undefined), { once: true }),
        );
    }
}

const ENDINGS = { events: "ndjson", raw: "ndjson", table: "csv", refusals: "ndjson" };
const MAX_COPIED_ROWS = 50_000;

/** Downloads or copies events, raw lines, the table, or the rejections. */
export class ExportDialog {
    #dialog = byId("exporting");
    #work;
    #state;
    #note;
    #counts;

    constructor(work, state, note) {
        this.#work = work;
        this.#state = state;
        this.#note = note;
        this.#dialog.addEventListener("change", () => this.#enable());
        byId("download").addEventListener("click", () => void this.#run(() => this.#download()));
        byId("copy").addEventListener("click", () => void this.#run(() => this.#copy()));
    }

    /** The scope stays what it was chosen to be, whatever is filtered meanwhile. */
    async show() {
        const { target, shown, isReport } = this.#state();
        const { rows, duplicates } = await this.#work.call("state");
        byId("export-target").textContent = `as ${target.selectedOptions[0].textContent}, NDJSON`;
        byId("export-all").textContent = `${number(rows)}${duplicates > 0 ? ` (${several(duplicates, "duplicate")} left out)` : ""}`;
        byId("export-filtered").textContent = number(shown.count);
        this.#counts = { all: rows, filtered: shown.count };
        // A report has no raw lines: the table alone can be taken out of it.
        for (const what of ["events", "raw", "refusals"]) this.#dialog.querySelector(`input[value=${what}]`).disabled = isReport;
        if (isReport) this.#choice("what", "table");
        this.#enable();
        this.#dialog.showModal();
    }

    /** Back to what the page begins with. */
    reset() {
        this.#choice("which", "all");
        this.#choice("what", "events");
    }

    /** Rejections have no messages to choose. */
    #enable() {
        byId("export-which").disabled = this.#dialog.querySelector("input[name=what]:checked").value === "refusals";
    }

    #wanted() {
        const value = (name) => this.#dialog.querySelector(`input[name=${name}]:checked`).value;
        const { target } = this.#state();
        const isFiltered = value("which") === "filtered";
        return { what: value("what"), isFiltered, target: target.value, count: this.#counts[value("which")] };
    }

    #choice(name, value) {
        this.#dialog.querySelector(`input[name=${name}][value=${value}]`).checked = true;
    }

    async #run(action) {
        this.#dialog.classList.add("busy");
        try {
            await action();
            this.#dialog.close();
        } catch (error) {
            this.#note(error.message);
        } finally {
            this.#dialog.classList.remove("busy");
        }
    }

    async #download() {
        const { count: _, ...wanted } = this.#wanted();
        const isGzip = byId("gzip").checked;
        const blob = await this.#work.call("blob", { ...wanted, isGzip });
        const name = { events: `events.${wanted.target}`, raw: "rows", table: "messages", refusals: "rejections" }[wanted.what];
        const link = document.createElement("a");
        link.href = URL.createObjectURL(blob);
        link.download = `${name}.${ENDINGS[wanted.what]}${isGzip ? ".gz" : ""}`;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
        this.#note(`${link.download} is ready.`);
    }

    async #copy() {
        const { count, ...wanted } = this.#wanted();
        if (count > MAX_COPIED_ROWS) throw new Error(`The clipboard takes ${number(MAX_COPIED_ROWS)} rows at most: download them instead.`);
        await navigator.clipboard.writeText(await this.#work.call("text", wanted));
        this.#note("Copied.");
    }
}
