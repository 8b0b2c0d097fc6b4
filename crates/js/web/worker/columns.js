// Columns of rows: each distinct text once, each row a number.

const FIRST_ROOM = 1024;

/** Numbers, one for each row. */
export class Numbers {
    constructor(ArrayType) {
        this.values = new ArrayType(FIRST_ROOM);
        this.length = 0;
    }

    push(value) {
        if (this.length === this.values.length) {
            const wider = new this.values.constructor(this.length * 2);
            wider.set(this.values);
            this.values = wider;
        }
        this.values[this.length] = value;
        this.length += 1;
    }

    /** Only the rows that a test wants, by their number. */
    keep(test) {
        let length = 0;
        for (let row = 0; row < this.length; row += 1) if (test(row)) this.values[length++] = this.values[row];
        this.length = length;
    }

    /** Each row's place among the distinct values in order; what is not a number comes first. */
    ranks() {
        const sorted = Float64Array.from(this.values.subarray(0, this.length), (value) => (value >= 0 || value < 0 ? value : -Infinity)).sort();
        let distinct = 0;
        for (let at = 0; at < sorted.length; at += 1) {
            if (at === 0 || sorted[at] !== sorted[distinct - 1]) sorted[distinct++] = sorted[at];
        }
        const ranks = new Uint32Array(this.length);
        for (let row = 0; row < this.length; row += 1) {
            const value = this.values[row];
            ranks[row] = placeOf(sorted, distinct, value >= 0 || value < 0 ? value : -Infinity);
        }
        return ranks;
    }
}

function placeOf(sorted, length, value) {
    let low = 0;
    let high = length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (sorted[middle] < value) low = middle + 1;
        else high = middle;
    }
    return low;
}

/** Texts, one for each row; 0 stands for none. */
export class Texts {
    #numbers = new Map([["", 0]]);
    #lower = [""];

    constructor() {
        this.distinct = [""];
        this.rows = new Numbers(Uint32Array);
    }

    push(text = "") {
        let number = this.#numbers.get(text);
        if (number === undefined) {
            number = this.distinct.push(text) - 1;
            this.#numbers.set(text, number);
        }
        this.rows.push(number);
    }

    at(row) {
        return this.distinct[this.rows.values[row]];
    }

    /** The number of a text, -1 if no row has it. */
    numberOf(text) {
        return this.#numbers.get(text) ?? -1;
    }

    /** For each distinct text, whether a test wants it; the test gets it in lower case. */
    matches(test) {
        for (let at = this.#lower.length; at < this.distinct.length; at += 1) this.#lower.push(this.distinct[at].toLowerCase());
        return Uint8Array.from(this.#lower, (text) => (test(text) ? 1 : 0));
    }

    /** Takes all rows at once: the distinct texts, of which the first is the empty one, and each row's number among them. */
    fill(distinct, rows) {
        this.distinct = distinct;
        this.rows.values = rows;
        this.rows.length = rows.length;
        this.#lower = [""];
        this.#numbers = new Map();
        distinct.forEach((text, number) => this.#numbers.set(text, number));
    }

    /** Each row's place among the distinct texts in the order of a dictionary. */
    ranks() {
        const { compare } = new Intl.Collator("en", { numeric: true });
        const order = Uint32Array.from(this.distinct, (_, number) => number).sort((one, other) =>
            compare(this.distinct[one], this.distinct[other]),
        );
        const places = new Uint32Array(order.length);
        order.forEach((number, place) => (places[number] = place));
        return Uint32Array.from(this.rows.values.subarray(0, this.rows.length), (number) => places[number]);
    }

    /** How many of these rows have each distinct text. */
    countsOf(rows) {
        const counts = new Uint32Array(this.distinct.length);
        for (const row of rows) counts[this.rows.values[row]] += 1;
        return counts;
    }
}
