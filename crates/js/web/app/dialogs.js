// Two questions: the order of day and month, and what to export.

import { byId } from "./dom.js";
import { number } from "./format.js";

/** Asks for the order of day and month where a file leaves it open. Nothing is guessed: no choice, no reading. */
export class DatesDialog {
    #dialog = byId("dates");

    constructor() {
        this.#dialog.addEventListener("change", () => (byId("dates-go").disabled = false));
        // Without an answer the file cannot be read; closing the dialog would leave it waiting for ever.
        this.#dialog.addEventListener("cancel", (event) => event.preventDefault());
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
        this.#dialog.showModal();
        return new Promise((resolve) =>
            this.#dialog.addEventListener("close", () => resolve(this.#dialog.querySelector("input:checked")?.value), { once: true }),
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

    constructor(work, state, note) {
        this.#work = work;
        this.#state = state;
        this.#note = note;
        this.#dialog.addEventListener("change", () => this.#enable());
        byId("download").addEventListener("click", () => void this.#run(() => this.#download()));
        byId("copy").addEventListener("click", () => void this.#run(() => this.#copy()));
    }

    async show() {
        const { target, shown } = this.#state();
        const { rows } = await this.#work.call("state");
        byId("export-target").textContent = `as ${target.selectedOptions[0].textContent}, NDJSON`;
        byId("export-all").textContent = number(rows);
        byId("export-filtered").textContent = number(shown.count);
        this.#choice("which", shown.isFiltered ? "filtered" : "all");
        this.#enable();
        this.#dialog.showModal();
    }

    /** Rejections have no messages to choose. */
    #enable() {
        byId("export-which").disabled = this.#dialog.querySelector("input[name=what]:checked").value === "refusals";
    }

    #wanted() {
        const value = (name) => this.#dialog.querySelector(`input[name=${name}]:checked`).value;
        const { target, shown } = this.#state();
        const isFiltered = value("which") === "filtered";
        const count = isFiltered ? shown.count : Number(byId("export-all").textContent.replaceAll(",", ""));
        return { what: value("what"), isFiltered, target: target.value, count };
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
