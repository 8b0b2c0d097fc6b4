// Which rows the views show, in which order.

import { termsOf } from "../common/terms.js";
import { meaningOf } from "./search.js";
import { DIRECTIONS } from "./store.js";

const ROW_BITS = 2 ** 24;

export class Query {
    #store;
    #ranks = new Map();

    constructor(store) {
        this.#store = store;
        this.reset();
    }

    /** Forgets what it knows of rows, as they have changed. */
    reset() {
        this.#ranks.clear();
        /** The rows that were found: in the order of their file, and as the table shows them. */
        this.found = new Uint32Array();
        this.shown = new Uint32Array();
        this.isFiltered = false;
    }

    /** Finds and sorts. Gives how many rows there are to show, of how many. */
    run({ search = "", from, to, sort = "received", isDescending = true }) {
        const store = this.#store;
        const tests = this.#testsOf(search);
        if (from !== undefined) tests.push((row) => store.received.values[row] >= from);
        if (to !== undefined) tests.push((row) => store.received.values[row] < to);
        this.isFiltered = tests.length > 0;
        this.found = this.isFiltered ? store.rows.filter((row) => tests.every((test) => test(row))) : store.rows;
        this.shown = this.#sorted(sort, isDescending);
        return { count: this.found.length, total: store.rows.length, isFiltered: this.isFiltered };
    }

    /** What the table shows from one position to another. */
    rows(from, to) {
        const store = this.#store;
        return Array.from(this.shown.subarray(from, to), (row) => rowOf(store, row));
    }

    at(position) {
        return this.shown[position];
    }

    /** Where a row is shown, -1 if it is not. */
    position(row) {
        return this.shown.indexOf(row);
    }

    /** A test for each term. Terms of one field are alternatives, as no message has two senders; words must all be there. */
    #testsOf(search) {
        const groups = [];
        for (const term of termsOf(search)) {
            const test = this.#testOf(term);
            const isAlternative = !term.isNot && !["subject", "id", "cause", undefined].includes(term.key);
            const group = isAlternative && groups.find(({ key }) => key === term.key);
            if (group) group.tests.push(test);
            else groups.push({ key: isAlternative ? term.key : undefined, tests: [test] });
        }
        return groups.map(({ tests }) => (tests.length === 1 ? tests[0] : (row) => tests.some((test) => test(row))));
    }

    #testOf(term) {
        const store = this.#store;
        const { columns, test, direction } = meaningOf(term);
        const isWanted = !term.isNot;
        if (direction !== undefined) return (row) => (store.direction.values[row] === direction) === isWanted;
        const found = columns.map((name) => ({ rows: store.texts[name].rows, hits: store.texts[name].matches(test) }));
        return (row) => found.some(({ rows, hits }) => hits[rows.values[row]] === 1) === isWanted;
    }

    #sorted(sort, isDescending) {
        const ranks = this.#ranksOf(sort);
        const all = this.#store.length;
        const keys = new Float64Array(this.found.length);
        this.found.forEach((row, at) => {
            const rank = isDescending ? all + ROW_BITS - ranks[row] : ranks[row];
            keys[at] = rank * ROW_BITS + row;
        });
        // Sorts numbers without a comparison in JavaScript; rows of the same rank stay in the order of their file.
        return Uint32Array.from(keys.sort(), (key) => key % ROW_BITS);
    }

    #ranksOf(name) {
        if (!this.#ranks.has(name)) {
            const column = this.#store.texts[name] ?? this.#store[name];
            this.#ranks.set(name, column.ranks());
        }
        return this.#ranks.get(name);
    }
}

/** A row as the page shows it. */
export function rowOf({ texts, received, size, direction }, row) {
    return {
        row,
        received: received.values[row],
        sender: texts.sender.at(row),
        recipient: texts.recipient.at(row),
        subject: texts.subject.at(row),
        size: size.values[row],
        status: texts.status.at(row),
        direction: DIRECTIONS[direction.values[row]],
    };
}
