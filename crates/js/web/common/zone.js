// Times of day in a time zone. A local time is a number too: what a clock there shows, as if it were UTC.

export const [SECOND, MINUTE, HOUR, DAY] = [1e3, 60e3, 3600e3, 86_400e3];
// Lengths of a bar: short ones are whole parts of a day, long ones whole days.
const STEPS = [
    SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
    HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 364 * DAY,
];
// No zone changes its offset within a quarter of an hour.
const BLOCK = 15 * MINUTE;
const formats = new Map();
const offsets = new Map();

/** How far the clocks of a zone are ahead of UTC, in milliseconds. */
export function offsetAt(time, zone) {
    if (zone === "UTC") return 0;
    const block = Math.floor(time / BLOCK);
    const key = `${zone} ${block}`;
    let offset = offsets.get(key);
    if (offset === undefined) {
        if (!formats.has(zone)) {
            formats.set(zone, new Intl.DateTimeFormat("en-US", {
                timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
            }));
        }
        const at = block * BLOCK;
        const part = Object.fromEntries(formats.get(zone).formatToParts(at).map(({ type, value }) => [type, Number(value)]));
        offset = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - at;
        if (offsets.size > 50_000) offsets.clear();
        offsets.set(key, offset);
    }
    return offset;
}

export const toLocal = (time, zone) => time + offsetAt(time, zone);

/** The moment of a local time. */
export function fromLocal(local, zone) {
    const near = local - offsetAt(local, zone);
    return local - offsetAt(near, zone);
}

/** Whether the browser knows the zone. */
export function isZone(zone) {
    try {
        return new Intl.DateTimeFormat("en", { timeZone: zone }) !== undefined;
    } catch {
        return false;
    }
}

/** Bars from a time to another (which belongs to them), at most so many: their length, and where each begins and the last ends. */
export function barsOf(from, to, most, zone) {
    const step = STEPS.find((length) => (to - from) / length < most - 1) ?? Math.ceil((to - from) / most / DAY) * DAY;
    const first = Math.floor(toLocal(from, zone) / step) * step;
    const start = fromLocal(first, zone);
    const edges = [start];
    for (let at = 1; edges.at(-1) <= to; at += 1) edges.push(step < DAY ? start + at * step : fromLocal(first + at * step, zone));
    return { step, edges };
}

/** The bar that a time is in; -1 if in none. */
export function barAt({ step, edges }, time) {
    let at = Math.floor((time - edges[0]) / step);
    // Days are an hour longer or shorter where clocks change.
    while (at > 0 && at < edges.length && edges[at] > time) at -= 1;
    while (at >= 0 && at < edges.length - 1 && edges[at + 1] <= time) at += 1;
    return at >= 0 && at < edges.length - 1 ? at : -1;
}
