// The domains that imitate the organization's: since when, how much, and to whom.

import { domainOf, domainCounts } from "./domains.js";
import { lookalike } from "./lookalike.js";

// Without domains to protect, those with this share of the rows are taken for partners or one's own.
const COMMON_SHARE = 0.05;
const FEW = 3;

/** The domains to protect: those that were given, else those that a large part of the mail has. */
export function protectedDomains(store, given) {
    if (given.length > 0) return given;
    const least = Math.max(2, store.rows.length * COMMON_SHARE);
    const common = domainCounts(store).filter(([, count]) => count >= least).map(([domain]) => domain);
    // The more frequent one is the original.
    return common.filter((domain, at) => lookalike(domain, common.slice(0, at)) === undefined);
}

/** Look-alikes among the domains of these rows, those that most rows have first. */
export function lookalikes(store, rows, guarded) {
    const found = new Map();
    for (const [side, other] of [["sender", "recipient"], ["recipient", "sender"]]) {
        const column = store.texts[side];
        // The domain of each address once, whatever the number of rows.
        const hits = column.distinct.map((address) => hitOf(domainOf(address), guarded, found));
        for (const row of rows) {
            const hit = hits[column.rows.values[row]];
            if (hit) take(hit, store.received.values[row], side === "sender" ? store.texts[other].at(row) : "", row);
        }
    }
    return [...found.values()]
        .filter((hit) => hit?.count > 0)
        .map(({ people, lastRow: _, ...hit }) => ({ ...hit, recipients: people.size, sample: [...people].slice(0, FEW) }))
        .sort((one, other) => other.count - one.count);
}

function hitOf(domain, guarded, found) {
    if (!domain) return undefined;
    if (!found.has(domain)) {
        const match = lookalike(domain, guarded);
        found.set(domain, match && { domain, ...match, first: Infinity, last: -Infinity, count: 0, people: new Set(), lastRow: -1 });
    }
    return found.get(domain);
}

function take(hit, received, recipient, row) {
    hit.first = Math.min(hit.first, received);
    hit.last = Math.max(hit.last, received);
    if (recipient) hit.people.add(recipient);
    // Sender and recipient of one row may have the same domain.
    if (hit.lastRow !== row) hit.count += 1;
    hit.lastRow = row;
}
