// The numbers behind the charts.

import { DIRECTIONS } from "./store.js";

const TOP = 10;
const [MINUTE, HOUR, DAY] = [60e3, 3600e3, 86_400e3];
// The bars of the chart over time: the shortest step that keeps them few enough to be told apart.
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY, 28 * DAY, 364 * DAY];
const MAX_BARS = 80;

/** Everything that the overview shows; bars over time are stacked by `status` or `direction`. */
export function overview(store, stack) {
    const { texts, length } = store;
    let [from, to, bytes] = [Infinity, -Infinity, 0];
    for (let row = 0; row < length; row += 1) {
        const received = store.received.values[row];
        from = Math.min(from, received);
        to = Math.max(to, received);
        bytes += store.size.values[row] || 0;
    }
    const { statuses, directions } = store.facets();
    return {
        rows: length,
        senders: texts.sender.counts().subarray(1).filter((count) => count > 0).length,
        recipients: texts.recipient.counts().subarray(1).filter((count) => count > 0).length,
        bytes,
        from,
        to,
        statuses,
        directions,
        flow: flow(store, stack, from, to),
        topSenders: top(store, texts.sender),
        topRecipients: top(store, texts.recipient),
        largest: largest(store),
    };
}

/** How many rows fall into each step of time, by status or direction. */
function flow(store, stack, from, to) {
    if (store.length === 0) return { stack, step: DAY, start: 0, names: [], bars: [] };
    const step = STEPS.find((length) => (to - from) / length < MAX_BARS) ?? Math.ceil((to - from) / MAX_BARS / DAY) * DAY;
    const start = Math.floor(from / step) * step;
    const names = stack === "direction" ? DIRECTIONS : store.texts.status.distinct;
    const numbers = stack === "direction" ? store.direction.values : store.texts.status.rows.values;
    const bars = Array.from({ length: Math.floor((to - start) / step) + 1 }, () => new Uint32Array(names.length));
    for (let row = 0; row < store.length; row += 1) {
        bars[Math.floor((store.received.values[row] - start) / step)][numbers[row]] += 1;
    }
    return { stack, step, start, names: [...names], bars };
}

/** The texts with the most rows, and the bytes of these. */
function top(store, texts) {
    const counts = texts.counts();
    const numbers = Array.from(counts.keys()).filter((number) => number > 0 && counts[number] > 0);
    const first = numbers.sort((one, other) => counts[other] - counts[one]).slice(0, TOP);
    const bytes = new Map(first.map((number) => [number, 0]));
    for (let row = 0; row < store.length; row += 1) {
        const number = texts.rows.values[row];
        if (bytes.has(number)) bytes.set(number, bytes.get(number) + (store.size.values[row] || 0));
    }
    return first.map((number) => ({ name: texts.distinct[number], count: counts[number], bytes: bytes.get(number) }));
}

function largest(store) {
    const first = [];
    for (let row = 0; row < store.length; row += 1) {
        const size = store.size.values[row];
        if (!(size >= 0) || (first.length === TOP && size <= first[TOP - 1].size)) continue;
        const at = first.findIndex((other) => other.size < size);
        first.splice(at < 0 ? first.length : at, 0, { row, size });
        first.length = Math.min(first.length, TOP);
    }
    return first.map(({ row, size }) => ({
        row,
        size,
        received: store.received.values[row],
        sender: store.texts.sender.at(row),
        recipient: store.texts.recipient.at(row),
        subject: store.texts.subject.at(row),
    }));
}
