// Numbers, sizes, times and words for reading.

const numbers = new Intl.NumberFormat("en");
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
const DIRECTION_NAMES = { "": "Not known", inbound: "Inbound", outbound: "Outbound", internal: "Internal", external: "External" };

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

/** A time in UTC, to the second. */
export const time = (milliseconds) => new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ");

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
