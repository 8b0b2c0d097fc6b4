// Domains of addresses, and which of them are the organization's.

import { lookalike } from "./lookalike.js";

const OFFERED = 4;

/** The domain of an address in lower case; empty if it has none. */
export function domainOf(address) {
    const at = address.lastIndexOf("@");
    return at < 0 ? "" : address.slice(at + 1).toLowerCase();
}

/** Whether a domain is one of these or below one. */
export function isOwn(domain, own) {
    return own.some((one) => domain === one || domain.endsWith(`.${one}`));
}

/** The domains of senders and recipients with how many rows have them, most first. */
export function domainCounts(store) {
    const counts = new Map();
    for (const column of [store.texts.sender, store.texts.recipient]) {
        const rows = column.countsOf(store.rows);
        column.distinct.forEach((address, number) => {
            const domain = domainOf(address);
            if (domain && rows[number] > 0) counts.set(domain, (counts.get(domain) ?? 0) + rows[number]);
        });
    }
    return [...counts].sort(([, one], [, other]) => other - one);
}

/**
 * Domains to offer as the organization's: those that most rows have. One that imitates a more frequent one is not
 * offered, or a click would make phishing internal mail; it is told instead. Another ending alone is no imitation here:
 * contoso.com and contoso.fr are often one organization.
 */
export function suggestions(store) {
    const [offered, imitations] = [[], []];
    for (const [domain] of domainCounts(store)) {
        const found = lookalike(domain, offered);
        if (found && found.family !== "tld-swap") imitations.push({ domain, resembles: found.resembles });
        else offered.push(domain);
        if (offered.length === OFFERED) break;
    }
    return { offered, imitations };
}
