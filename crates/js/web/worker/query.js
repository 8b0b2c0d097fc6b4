// Which rows the table shows, in which order.

import { DIRECTIONS } from "./store.js";

const ROW_BITS = 2 ** 24;
const SEARCHED = ["sender", "recipient", "subject", "messageId", "traceId", "sourceIp", "destinationIp", "status"];

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
        this.shown = new Uint32Array();
    }

    /** Finds and sorts. Gives how many rows there are to show. */
    run({ search = "", status = "", direction, sort = "received", isDescending = true }) {
        const store = this.#store;
        const words = search.toLowerCase().split(/\s+/).filter(Boolean);
        const hits = words.map((word) => SEARCHED.map((name) => ({ texts: store.texts[name], found: store.texts[name].matches(word) })));
        const statusNumber = status === "" ? undefined : store.texts.status.numberOf(status === "none" ? "" : status);
        const directionNumber = direction ? DIRECTIONS.indexOf(direction === "unknown" ? "" : direction) : undefined;
        const ranks = this.#ranksOf(sort);
        const keys = new Float64Array(store.length);
        let count = 0;
        for (let row = 0; row < store.length; row += 1) {
            if (statusNumber !== undefined && store.texts.status.rows.values[row] !== statusNumber) continue;
            if (directionNumber !== undefined && store.direction.values[row] !== directionNumber) continue;
            if (!hits.every((columns) => columns.some(({ texts, found }) => found[texts.rows.values[row]] === 1))) continue;
            const rank = isDescending ? store.length + ROW_BITS - ranks[row] : ranks[row];
            keys[count++] = rank * ROW_BITS + row;
        }
        // Sorts numbers without a comparison in JavaScript; rows of the same rank stay in the order of their file.
        const sorted = keys.subarray(0, count).sort();
        this.shown = Uint32Array.from(sorted, (key) => key % ROW_BITS);
        return { count };
    }

    /** What the table shows from one position to another. */
    rows(from, to) {
        const store = this.#store;
        return Array.from(this.shown.subarray(from, to), (row) => ({
            row,
            received: store.received.values[row],
            sender: store.texts.sender.at(row),
            recipient: store.texts.recipient.at(row),
            subject: store.texts.subject.at(row),
            size: store.size.values[row],
            status: store.texts.status.at(row),
            direction: DIRECTIONS[store.direction.values[row]],
        }));
    }

    at(position) {
        return this.shown[position];
    }

    /** Where a row is shown, -1 if it is not. */
    position(row) {
        return this.shown.indexOf(row);
    }

    #ranksOf(name) {
        if (!this.#ranks.has(name)) {
            const column = this.#store.texts[name] ?? this.#store[name];
            this.#ranks.set(name, column.ranks());
        }
        return this.#ranks.get(name);
    }
}
