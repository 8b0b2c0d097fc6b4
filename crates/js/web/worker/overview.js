// The numbers behind the charts, over the rows that were found.

import { barAt, barsOf } from "../common/zone.js";
import { domainOf } from "./domains.js";
import { rowOf } from "./query.js";
import { DIRECTIONS } from "./store.js";

/** How long the overview's lists are. */
export const TOP = 10;

/**
 * Everything that the overview shows. Bars over time are stacked by `status` or `direction`, at most `most` of them; they
 * span `from` to `to` where a range is chosen, else all rows.
 */
export function overview(store, rows, { stack, most, zone, from, to }) {
    const { texts } = store;
    const statuses = texts.status.countsOf(rows);
    const directions = new Uint32Array(DIRECTIONS.length);
    let [first, last, bytes, unsized] = [Infinity, -Infinity, 0, 0];
    for (const row of rows) {
        const received = store.received.values[row];
        if (received < first) first = received;
        if (received > last) last = received;
        const size = store.size.values[row];
        if (size >= 0) bytes += size;
        else unsized += 1;
        directions[store.direction.values[row]] += 1;
    }
    return {
        messages: rows.length,
        sized: rows.length - unsized,
        senders: distinct(texts.sender, rows),
        recipients: distinct(texts.recipient, rows),
        bytes,
        from: first,
        to: last,
        statuses: named(texts.status.distinct, statuses).sort((one, other) => other.count - one.count),
        directions: named(DIRECTIONS, directions),
        flow: rows.length === 0 && from === undefined ? undefined : flow(store, rows, { stack, most, zone, from: from ?? first, to: to === undefined ? last : to - 1 }),
        topSenders: top(store, rows, texts.sender),
        topRecipients: top(store, rows, texts.recipient),
        largest: largest(store, rows),
    };
}

/** How many rows fall into each bar of time, by status or direction. */
export function flow(store, rows, { stack, most, zone, from, to }) {
    const bars = barsOf(from, to, most, zone);
    const names = stack === "direction" ? DIRECTIONS : store.texts.status.distinct;
    const numbers = stack === "direction" ? store.direction.values : store.texts.status.rows.values;
    const counts = Array.from({ length: bars.edges.length - 1 }, () => new Uint32Array(names.length));
    for (const row of rows) {
        const at = barAt(bars, store.received.values[row]);
        if (at >= 0) counts[at][numbers[row]] += 1;
    }
    return { stack, ...bars, names: [...names], bars: counts };
}

/** The texts with the most rows, and the bytes of these. */
export function top(store, rows, texts, most = TOP) {
    return topOf(store, rows, (row) => texts.rows.values[row], texts.distinct, most);
}

/** The domains of a column of addresses with the most rows. */
export function topDomains(store, rows, texts, most = TOP) {
    const { names, numberOf } = domainsOf(texts);
    return topOf(store, rows, (row) => numberOf[texts.rows.values[row]], names, most);
}

/** The domains in a column of addresses: their names, the first empty, and the number of each address's domain. */
export function domainsOf(texts) {
    const numbers = new Map([["", 0]]);
    const numberOf = Uint32Array.from(texts.distinct, (address) => {
        const domain = domainOf(address);
        if (!numbers.has(domain)) numbers.set(domain, numbers.size);
        return numbers.get(domain);
    });
    return { names: [...numbers.keys()], numberOf };
}

function topOf(store, rows, numberAt, names, most) {
    const counts = new Uint32Array(names.length);
    const bytes = new Float64Array(names.length);
    for (const row of rows) {
        const number = numberAt(row);
        counts[number] += 1;
        bytes[number] += store.size.values[row] || 0;
    }
    return mostOf(counts, most).map((number) => ({ name: names[number], count: counts[number], bytes: bytes[number] }));
}

/** The places of the highest counts, 0 and the place 0 left out. */
export function mostOf(counts, most) {
    const numbers = Array.from(counts.keys()).filter((number) => number > 0 && counts[number] > 0);
    return numbers.sort((one, other) => counts[other] - counts[one] || one - other).slice(0, most);
}

/** The largest messages. */
export function largest(store, rows, most = TOP) {
    const first = [];
    for (const row of rows) {
        const size = store.size.values[row];
        if (!(size >= 0) || (first.length === most && size <= first[most - 1].size)) continue;
        const at = first.findIndex((other) => other.size < size);
        first.splice(at < 0 ? first.length : at, 0, { row, size });
        first.length = Math.min(first.length, most);
    }
    return first.map(({ row }) => rowOf(store, row));
}

function distinct(texts, rows) {
    return texts.countsOf(rows).subarray(1).filter((count) => count > 0).length;
}

function named(names, counts) {
    return Array.from(names, (name, at) => ({ name, count: counts[at] })).filter(({ count }) => count > 0);
}
