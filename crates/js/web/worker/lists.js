// Who and where: senders, recipients, domains, IPs, the largest messages, failures.

import { toLocal, HOUR, DAY } from "../common/zone.js";
import { domainsOf, largest, mostOf, top, topDomains } from "./overview.js";
import { DIRECTIONS } from "./store.js";

const LISTED = 25;
const LARGEST = 10;

export function lists(store, rows) {
    const { texts } = store;
    const directions = DIRECTIONS.map((name, number) => ({ name, rows: rows.filter((row) => store.direction.values[row] === number) }));
    return {
        topSenders: top(store, rows, texts.sender, LISTED),
        topRecipients: top(store, rows, texts.recipient, LISTED),
        topSenderDomains: topDomains(store, rows, texts.sender, LISTED),
        topRecipientDomains: topDomains(store, rows, texts.recipient, LISTED),
        topIps: topIps(store, rows),
        largest: directions.filter((direction) => direction.rows.length > 0)
            .map((direction) => ({ name: direction.name, rows: largest(store, direction.rows, LARGEST) })),
    };
}

/** The IPs with the most rows, on whichever side: what `ip:` finds. */
export function topIps(store, rows, most = LISTED) {
    const { sourceIp, destinationIp } = store.texts;
    const found = new Map();
    const take = (ip, row) => {
        if (!ip) return;
        const sums = found.get(ip) ?? { name: ip, count: 0, bytes: 0 };
        sums.count += 1;
        sums.bytes += store.size.values[row] || 0;
        found.set(ip, sums);
    };
    for (const row of rows) {
        const [one, other] = [sourceIp.at(row), destinationIp.at(row)];
        take(one, row);
        if (other !== one) take(other, row);
    }
    return [...found.values()].sort((one, other) => other.count - one.count).slice(0, most);
}

/** What failed, by domain of the recipient, sender, hour of the day and cause; `all` is how many there were. */
export function failures(store, rows, zone) {
    const { texts } = store;
    const failedNumber = texts.status.numberOf("failed");
    const isFailed = (row) => texts.status.rows.values[row] === failedNumber;
    const failed = rows.filter(isFailed);
    const { names, numberOf } = domainsOf(texts.recipient);
    const hours = new Array(24).fill(0);
    for (const row of failed) hours[Math.floor((((toLocal(store.received.values[row], zone) % DAY) + DAY) % DAY) / HOUR)] += 1;
    return {
        count: failed.length,
        all: rows.length,
        domains: rates(rows, isFailed, (row) => numberOf[texts.recipient.rows.values[row]], names),
        senders: rates(rows, isFailed, (row) => texts.sender.rows.values[row], texts.sender.distinct),
        hours,
        causes: top(store, failed, texts.cause, LISTED).map(({ name, count }) => ({ name, count })),
    };
}

/** Names by how many of their rows failed. */
function rates(rows, isFailed, numberAt, names) {
    const [all, failed] = [new Uint32Array(names.length), new Uint32Array(names.length)];
    for (const row of rows) {
        const number = numberAt(row);
        all[number] += 1;
        if (isFailed(row)) failed[number] += 1;
    }
    return mostOf(failed, LISTED).map((number) => ({ name: names[number], count: failed[number], all: all[number] }));
}
