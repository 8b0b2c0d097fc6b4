// Numbers, sizes, times and words for reading.

import { DAY, HOUR, MINUTE, SECOND, toLocal } from "../common/zone.js";

const numbers = new Intl.NumberFormat("en");
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
const DIRECTION_NAMES = { "": "Not known", inbound: "Inbound", outbound: "Outbound", internal: "Internal", external: "External" };
let zone = "UTC";

/** The time zone that all times are shown in. */
export const zoneName = () => zone;
export const setZone = (name) => (zone = name);

export const number = (value) => numbers.format(value);

/** A count and its noun. */
export const several = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** Bytes with three digits that count. */
export function size(bytes) {
    if (!(bytes >= 0)) return "";
    let [unit, value] = [0, bytes];
    // What would be rounded to 1000 is 1 of the next unit.
    while (value >= 999.5 && unit < UNITS.length - 1) [unit, value] = [unit + 1, value / 1000];
    return `${unit === 0 ? Math.round(value) : value.toPrecision(3)} ${UNITS[unit]}`;
}

const local = (milliseconds) => new Date(toLocal(milliseconds, zone)).toISOString();

/** A time to the second. */
export const time = (milliseconds) => local(milliseconds).slice(0, 19).replace("T", " ");

/** A time as exactly as a bar of that length needs it. */
export function stepTime(milliseconds, step) {
    return local(milliseconds).slice(0, step >= DAY ? 10 : step >= MINUTE ? 16 : 19).replace("T", " ");
}

/** A length of time in words. */
export function duration(milliseconds) {
    for (const [unit, name] of [[DAY, "day"], [HOUR, "hour"], [MINUTE, "minute"]]) {
        if (milliseconds >= unit) return several(Math.round(milliseconds / unit), name);
    }
    return several(Math.max(1, Math.round(milliseconds / SECOND)), "second");
}

/** From when to when, `to` not among it: days where it is whole days, else as exactly as it needs. */
export function span(from, to) {
    const isDays = [from, to].every((at) => toLocal(at, zone) % DAY === 0);
    if (isDays) {
        const [first, last] = [stepTime(from, DAY), stepTime(to - 1, DAY)];
        return first === last ? first : `${first} to ${last}`;
    }
    const [first, last] = [from, to].map((at) => (at % MINUTE === 0 ? stepTime(at, MINUTE) : time(at)));
    return `${first} to ${first.slice(0, 10) === last.slice(0, 10) ? last.slice(11) : last}`;
}

export const share = (part, whole) => (whole > 0 ? `${((100 * part) / whole).toFixed(part > 0 && part < whole / 100 ? 2 : part === whole ? 0 : 1)} %` : "");

/** `filtered-as-spam` as words. */
export function statusName(status) {
    if (!status) return "No status";
    const words = status.replaceAll("-", " ");
    return words[0].toUpperCase() + words.slice(1);
}

export const directionName = (direction) => DIRECTION_NAMES[direction] ?? direction;

const STATUS_COLOURS = {
    delivered: "delivered", failed: "failed", quarantined: "quarantined", "filtered-as-spam": "spam",
    pending: "pending", "getting-status": "getting", expanded: "expanded", resolved: "expanded",
};

/** The colour of a status or direction, as a class's ending. */
export const colour = (stack, name) =>
    stack === "direction" ? (name || "unknown") : (STATUS_COLOURS[name] ?? "other");
