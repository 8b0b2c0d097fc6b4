// One address: what it sent and received, and what is usual for it.

import { DAY, fromLocal, toLocal } from "../common/zone.js";
import { flow, largest, top, topDomains } from "./overview.js";

const LISTED = 10;
// The median of the distances from the median, times this, is the standard deviation of values that vary by chance.
const MAD_TO_DEVIATION = 1.4826;
const WIDTH = 3;
const MIN_DAYS = 4;

/** What there is to know of an address among these rows. `sent` and `received` may both be 0. */
export function address(store, rows, { address: name, zone, from, to, most }) {
    const { texts } = store;
    const [senderNumber, recipientNumber] = [texts.sender.numberOf(name), texts.recipient.numberOf(name)];
    const sent = rows.filter((row) => texts.sender.rows.values[row] === senderNumber);
    const received = rows.filter((row) => texts.recipient.rows.values[row] === recipientNumber);
    const failedNumber = texts.status.numberOf("failed");
    const own = sent.length > 0 ? sent : received;
    const [first, last] = span(store, rows);
    return {
        name,
        sent: sent.length,
        received: received.length,
        bytes: sent.reduce((sum, row) => sum + (store.size.values[row] || 0), 0),
        failed: sent.filter((row) => texts.status.rows.values[row] === failedNumber).length,
        recipients: new Set(sent.map((row) => texts.recipient.rows.values[row])).size,
        span: own.length > 0 ? span(store, own) : undefined,
        isSender: sent.length > 0,
        flow: own.length > 0 ? flow(store, own, { stack: "status", most, zone, from: from ?? first, to: to === undefined ? last : to - 1 }) : undefined,
        days: days(store, own, first, last, zone),
        topRecipients: top(store, sent, texts.recipient, LISTED),
        topRecipientDomains: topDomains(store, sent, texts.recipient, LISTED),
        topSenders: top(store, received, texts.sender, LISTED),
        ips: top(store, sent, texts.sourceIp, LISTED),
        statuses: top(store, sent, texts.status, LISTED),
        failures: top(store, sent.filter((row) => texts.status.rows.values[row] === failedNumber), texts.recipient, LISTED),
        largest: largest(store, sent, LISTED),
    };
}

function span(store, rows) {
    let [first, last] = [Infinity, -Infinity];
    for (const row of rows) {
        first = Math.min(first, store.received.values[row]);
        last = Math.max(last, store.received.values[row]);
    }
    return [first, last];
}

/**
 * Rows a day from first to last, and the band that is usual: the median of the days, give or take three robust deviations.
 * Silent days count. No band where there are too few days.
 */
export function days(store, rows, first, last, zone) {
    if (rows.length === 0) return undefined;
    const start = Math.floor(toLocal(first, zone) / DAY);
    const counts = new Array(Math.floor(toLocal(last, zone) / DAY) - start + 1).fill(0);
    for (const row of rows) counts[Math.floor(toLocal(store.received.values[row], zone) / DAY) - start] += 1;
    const edges = Array.from({ length: counts.length + 1 }, (_, at) => fromLocal((start + at) * DAY, zone));
    return { step: DAY, edges, counts, band: counts.length >= MIN_DAYS ? bandOf(counts) : undefined };
}

/** The usual band of counts: `{low, middle, high}`. A day that stands out must not widen it: hence medians. */
export function bandOf(counts) {
    const middle = median(counts);
    const deviation = Math.max(1, MAD_TO_DEVIATION * median(counts.map((count) => Math.abs(count - middle))));
    return { low: Math.max(0, middle - WIDTH * deviation), middle, high: middle + WIDTH * deviation };
}

export function median(values) {
    if (values.length === 0) return 0;
    const sorted = Float64Array.from(values).sort();
    const at = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[at] : (sorted[at - 1] + sorted[at]) / 2;
}
