// Dates of CSV reports, the rules of the command-line program. All are UTC, as the cmdlets and the admin center write them.

const NUMERIC = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[ ,]+(.*))?$/s;
const CLOCK = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?(?:[ \u00a0\u202f]?([AP])M)?$/i;

/**
 * A date of a report as a `reporting` line has it: ISO, UTC. `undefined` if it may be day-first or month-first and the
 * order (`dmy`, `mdy`) is not given. Text that is no known date stays as it is, so that the normalizer refuses it.
 *
 * Dates with dots are day-first: no culture writes the month first with dots. Others tell their order only if day and
 * month are the same number, or one of them is beyond 12.
 */
export function iso(text, order) {
    const trimmed = text.trim();
    const [, one, separator, two, year, clock = "00:00:00"] = NUMERIC.exec(trimmed) ?? [];
    if (!one) return trimmed;
    const time = timeOf(clock.trim());
    if (time === undefined) return trimmed;
    const [first, second] = [Number(one), Number(two)];
    const isDayFirst = separator === "." || (order ? order === "dmy" : dayFirst(first, second));
    if (isDayFirst === undefined) return undefined;
    const [day, month] = isDayFirst ? [first, second] : [second, first];
    const date = new Date(Date.UTC(2000, month - 1, day));
    date.setUTCFullYear(Number(year), month - 1, day);
    const isDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && month >= 1;
    return isDay ? `${year}-${twoDigits(month)}-${twoDigits(day)}T${time}Z` : trimmed;
}

/** Whether a date with slashes or hyphens is day-first; `undefined` if it does not tell. */
export function dayFirst(first, second) {
    if (first > 12 || first === second) return true;
    return second > 12 ? false : undefined;
}

/** The order that a date proves: `dmy`, `mdy`, or `undefined`. */
export function provenOrder(text) {
    const [, one, separator, two] = NUMERIC.exec(text.trim()) ?? [];
    if (!one || separator === "." || Number(one) === Number(two)) return undefined;
    const isDayFirst = dayFirst(Number(one), Number(two));
    return isDayFirst === undefined ? undefined : isDayFirst ? "dmy" : "mdy";
}

/** A time of 24 hours, or of 12 with AM or PM, with or without seconds and their fraction. */
function timeOf(text) {
    const [, hours, minutes, seconds = "0", fraction, half] = CLOCK.exec(text) ?? [];
    if (hours === undefined) return undefined;
    let hour = Number(hours);
    if (half) {
        if (hour < 1 || hour > 12) return undefined;
        hour = (hour % 12) + (half.toUpperCase() === "P" ? 12 : 0);
    }
    if (hour > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
    const digits = fraction && Number(fraction) > 0 ? fraction.padEnd(Math.ceil(fraction.length / 3) * 3, "0") : "";
    return `${twoDigits(hour)}:${twoDigits(minutes)}:${twoDigits(seconds)}${digits && `.${digits}`}`;
}

function twoDigits(number) {
    return String(Number(number)).padStart(2, "0");
}
