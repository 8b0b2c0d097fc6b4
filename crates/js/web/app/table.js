// A table of any length that stays quick: only the rows in sight are elements.
//
// It is one stop of the Tab key. Arrow keys, Page Up and Down, Home and End move in it; Enter opens a row.

import { h } from "./dom.js";

const AHEAD = 8;
// Browsers cap the height of an element at some 17 to 33 million pixels; beyond this, scrolling goes in larger steps.
const MAX_HEIGHT = 10_000_000;

export class Table {
    #columns;
    #read;
    #open;
    #count = 0;
    #active = -1;
    #drawn = 0;
    #sort;
    /** In pixels; the style sheet says it, as narrow screens have higher rows. */
    #height = 36;

    /**
     * Columns are `{name, title, className, cell(row), isSortable}`; `read(from, to)` gives rows, `open(position)` is
     * called for one that was chosen, `sort({sort, isDescending})` for another order.
     */
    constructor(parent, { label, columns, read, open, sort }) {
        this.#columns = columns;
        this.#read = read;
        this.#open = open;
        this.#sort = sort;
        this.id = parent.id;
        this.head = h("div", { role: "row", className: "row head", "aria-rowindex": "1" }, columns.map((column, at) => this.#header(column, at)));
        this.rows = h("div", { className: "rows", role: "presentation" });
        this.space = h("div", { className: "space", role: "rowgroup" }, this.rows);
        this.header = h("div", { className: "header", role: "rowgroup" }, this.head);
        // What scrolls is the grid itself, so that the one stop of the Tab key scrolls it.
        this.grid = h("div", {
            className: "body", role: "grid", tabIndex: 0, "aria-label": label, "aria-colcount": String(columns.length),
            "aria-readonly": "true", onkeydown: (event) => this.#key(event),
        }, this.header, this.space);
        this.grid.addEventListener("scroll", () => this.#draw(), { passive: true });
        this.grid.addEventListener("focus", () => this.#active < 0 && this.#count > 0 && this.#move(this.#first(), false));
        new ResizeObserver(() => this.#resize()).observe(this.grid);
        parent.replaceChildren(h("div", { className: "grid" }, this.grid));
    }

    /** Another set of rows: scrolls to the top. */
    async show(count) {
        this.#count = count;
        this.#active = -1;
        this.grid.removeAttribute("aria-activedescendant");
        this.grid.setAttribute("aria-rowcount", String(count + 1));
        this.grid.scrollTop = 0;
        await this.#resize();
    }

    /** The same rows, which may be written otherwise. */
    async redraw() {
        await this.#resize();
    }

    /** Another title for a column that can be sorted. */
    entitle(name, title) {
        const button = [...this.head.children].find(({ dataset }) => dataset.name === name).firstChild;
        button.firstChild.textContent = title;
    }

    /** Makes a row the active one and brings it into sight. */
    async select(position) {
        await this.#move(position, true);
    }

    #header({ name, title, className = "", isSortable }, at) {
        const cell = h("div", { role: "columnheader", className: `cell ${className}`, "aria-colindex": String(at + 1) });
        if (!isSortable) return cell.append(title), cell;
        cell.append(h("button", { type: "button", tabIndex: 0, onclick: () => this.#sortBy(name) }, title, h("span", { className: "arrow", "aria-hidden": "true" })));
        cell.dataset.name = name;
        return cell;
    }

    /** Shows the order in the header. */
    sorted({ sort, isDescending }) {
        for (const cell of this.head.children) {
            if (!cell.dataset.name) continue;
            if (cell.dataset.name === sort) cell.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
            else cell.removeAttribute("aria-sort");
        }
    }

    #sortBy(name) {
        const cell = [...this.head.children].find(({ dataset }) => dataset.name === name);
        const before = cell.getAttribute("aria-sort");
        const isNumber = cell.classList.contains("number") || name === "received";
        this.#sort({ sort: name, isDescending: before ? before === "ascending" : isNumber });
    }

    /** How many pixels of scrolling stand for one row. */
    get #step() {
        return this.#count * this.#height > MAX_HEIGHT
            ? (MAX_HEIGHT - this.grid.clientHeight) / Math.max(1, this.#count - this.#inSight)
            : this.#height;
    }

    get #inSight() {
        return Math.max(1, Math.floor((this.grid.clientHeight - this.header.offsetHeight) / this.#height));
    }

    #first() {
        return Math.min(this.#count - 1, Math.max(0, Math.floor(this.grid.scrollTop / this.#step)));
    }

    async #resize() {
        this.#height = Number.parseFloat(getComputedStyle(this.grid).getPropertyValue("--row-height")) || 36;
        this.grid.style.setProperty("--count", String(this.#count));
        this.space.style.height = `${Math.min(this.#count * this.#height, MAX_HEIGHT)}px`;
        await this.#draw();
    }

    async #draw() {
        const turn = (this.#drawn += 1);
        if (this.grid.clientHeight === 0) return;
        const step = this.#step;
        const top = Math.max(0, Math.floor(this.grid.scrollTop / step));
        const from = Math.max(0, top - AHEAD);
        const to = Math.min(this.#count, top + this.#inSight + AHEAD);
        const rows = await this.#read(from, to);
        // A later draw has taken over.
        if (turn !== this.#drawn) return;
        const isExact = step === this.#height;
        const offset = isExact ? from * this.#height : this.grid.scrollTop - (top - from) * this.#height;
        this.rows.style.transform = `translateY(${offset}px)`;
        this.#mark();
        this.#put(rows.map((row, at) => this.#row(row, from + at)));
        this.#mark();
    }

    /** A row that is drawn already stays the element that it is: a click is lost where its element is replaced under it. */
    #put(rows) {
        const drawn = new Map([...this.rows.children].map((row) => [row.id, row]));
        const next = rows.map((row) => (drawn.get(row.id)?.isEqualNode(row) ? drawn.get(row.id) : row));
        const kept = new Set(next);
        for (const row of drawn.values()) if (!kept.has(row)) row.remove();
        let at = this.rows.firstChild;
        for (const row of next) {
            if (row === at) at = at.nextSibling;
            else this.rows.insertBefore(row, at);
        }
    }

    #row(row, position) {
        const cells = this.#columns.map(({ className = "", cell }, at) =>
            h("div", { role: "gridcell", className: `cell ${className}`, "aria-colindex": String(at + 1) }, cell(row)),
        );
        const isActive = position === this.#active;
        return h("div", {
            role: "row", id: `${this.id}-${position}`, className: isActive ? "row active" : "row",
            "aria-rowindex": String(position + 2), "aria-selected": String(isActive),
            onclick: () => {
                this.#active = position;
                this.#mark();
                this.#open?.(position);
            },
        }, cells);
    }

    #mark() {
        for (const row of this.rows.children) {
            const isActive = row.id === `${this.id}-${this.#active}`;
            row.classList.toggle("active", isActive);
            row.setAttribute("aria-selected", String(isActive));
            if (isActive) this.grid.setAttribute("aria-activedescendant", row.id);
        }
    }

    #key(event) {
        if (event.target !== this.grid || event.ctrlKey || event.metaKey || event.altKey) return;
        const at = this.#active;
        const moves = {
            ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + this.#inSight, PageUp: at - this.#inSight,
            Home: 0, End: this.#count - 1,
        };
        if (event.key in moves && this.#count > 0) {
            event.preventDefault();
            void this.#move(Math.min(this.#count - 1, Math.max(0, moves[event.key])), true);
        } else if (event.key === "Enter" && at >= 0) {
            event.preventDefault();
            this.#open?.(at);
        }
    }

    async #move(position, isScrolling) {
        this.#active = position;
        const top = this.#first();
        if (isScrolling && (position < top || position >= top + this.#inSight)) {
            const first = position < top ? position : position - this.#inSight + 1;
            this.grid.scrollTop = Math.ceil(first * this.#step);
        }
        await this.#draw();
    }
}
