// Worth a look: what an analyst would want to see first. Each finding says what was observed and what is usual, and names
// the rows by a search and a span of time.
//
// These are simple thresholds over what was read, not the rules of `message-trace detect`, which know months of mail.

import { DAY, MINUTE } from "../common/zone.js";
import { domainOf, isOwn } from "./domains.js";
import { median } from "./address.js";
import { domainsOf } from "./overview.js";

const WINDOW = 30 * MINUTE;
// A burst: so many within the window, and so many times the busiest half hour of other days.
const BURST = { least: 50, factor: 5 };
// First-time recipients: so many in a day, so many times the usual, after days in which it could learn.
const FIRST = { least: 30, factor: 5, days: 3 };
// Failures: so many of at least so many, so large a share, and so many times the share of all.
const FAILURES = { least: 10, of: 20, share: 0.3, factor: 3 };
const MOST_OF_A_KIND = 10;

/** Findings over all rows, the most urgent first. `own` are the organization's domains, `alikes` the look-alikes. */
export function findings(store, own, alikes) {
    const rows = store.rows;
    if (rows.length === 0) return [];
    const senders = bySender(store, rows);
    const first = rows.reduce((least, row) => Math.min(least, store.received.values[row]), Infinity);
    return [
        ...alikes.slice(0, MOST_OF_A_KIND).map(ofLookalike),
        ...cut(senders.flatMap((sender) => burst(sender, own))),
        ...cut(senders.flatMap((sender) => firstTime(store, sender, own, first))),
        ...failing(store, rows, own),
    ].sort((one, other) => other.level - one.level);
}

const cut = (list) => list.sort((one, other) => other.observed - one.observed).slice(0, MOST_OF_A_KIND);

function ofLookalike({ domain, resembles, family, distance, count, recipients, sample, first, last }) {
    // Another ending or an added word alone is often harmless.
    const isWeak = family === "tld-swap" || family === "dictionary";
    return {
        kind: "lookalike", level: isWeak ? 2 : 4, observed: count, name: domain,
        resembles, family, distance, recipients, sample: sample ?? [], first, last, search: `domain:${domain}`,
    };
}

/** Senders with their rows in the order of time: `{name, rows, times}`; bounces have none. */
function bySender(store, rows) {
    const { sender } = store.texts;
    const groups = new Map();
    for (const row of rows) {
        const number = sender.rows.values[row];
        if (number === 0) continue;
        if (!groups.has(number)) groups.set(number, []);
        groups.get(number).push(row);
    }
    const list = [];
    for (const [number, group] of groups) {
        const name = sender.distinct[number];
        if (group.length < Math.min(BURST.least, FIRST.least) || name === "<>") continue;
        group.sort((one, other) => store.received.values[one] - store.received.values[other]);
        list.push({ name, rows: group, times: group.map((row) => store.received.values[row]) });
    }
    return list;
}

/** The busiest half hour of a sender, if other days know nothing like it. */
function burst({ name, times }, own) {
    // Half hours of many a sender outside are newsletters.
    const isOurs = own.length === 0 || isOwn(domainOf(name), own);
    let best = { count: 0 };
    const ofDay = new Map();
    for (let from = 0, to = 0; to < times.length; to += 1) {
        while (times[to] - times[from] >= WINDOW) from += 1;
        const count = to - from + 1;
        const day = Math.floor(times[to] / DAY);
        if (count > (ofDay.get(day) ?? 0)) ofDay.set(day, count);
        if (count > best.count) best = { count, from: times[from], to: times[to], day };
    }
    const others = [...ofDay].filter(([day]) => day !== best.day).map(([, count]) => count);
    const usual = median(others);
    if (best.count < BURST.least || best.count < BURST.factor * Math.max(1, usual)) return [];
    return [{
        kind: "burst", level: isOurs ? 3 : 1, observed: best.count, usual, name,
        minutes: Math.max(1, Math.ceil((best.to - best.from) / MINUTE)), from: best.from, to: best.to + 1, search: `from:${name}`,
    }];
}

/** The day on which a sender wrote to many that it never wrote to before. */
function firstTime(store, { name, rows, times }, own, first) {
    const isOurs = own.length === 0 || isOwn(domainOf(name), own);
    if (!isOurs) return [];
    const seen = new Set();
    const ofDay = new Map();
    rows.forEach((row, at) => {
        const recipient = store.texts.recipient.rows.values[row];
        const day = Math.floor(times[at] / DAY);
        if (!ofDay.has(day)) ofDay.set(day, 0);
        if (recipient === 0 || seen.has(recipient)) return;
        seen.add(recipient);
        ofDay.set(day, ofDay.get(day) + 1);
    });
    // In the first days of what was read everyone is new.
    const learned = Math.floor(first / DAY) + FIRST.days;
    const days = [...ofDay].filter(([day]) => day >= learned);
    const [day, count] = days.reduce((most, one) => (one[1] > most[1] ? one : most), [0, 0]);
    const hasHistory = [...ofDay.keys()].some((other) => other < learned);
    const usual = median(days.filter(([other]) => other !== day).map(([, value]) => value));
    if (!hasHistory || count < FIRST.least || count < FIRST.factor * Math.max(1, usual)) return [];
    return [{ kind: "first-time", level: 3, observed: count, usual, name, from: day * DAY, to: (day + 1) * DAY, search: `from:${name}` }];
}

/** Senders, and domains written to, whose messages fail far more often than others. */
function failing(store, rows, own) {
    const { sender, recipient, status } = store.texts;
    const failed = status.numberOf("failed");
    const isFailed = (row) => status.rows.values[row] === failed;
    const overall = rows.filter(isFailed).length / rows.length;
    const { names, numberOf } = domainsOf(recipient);
    const [senders, domains] = [new Map(), new Map()];
    const take = (sums, number, row) => {
        const sum = sums.get(number) ?? { all: 0, count: 0, people: new Set() };
        sum.all += 1;
        if (isFailed(row)) {
            sum.count += 1;
            sum.people.add(recipient.rows.values[row]);
        }
        sums.set(number, sum);
    };
    for (const row of rows) {
        if (sender.rows.values[row] > 0) take(senders, sender.rows.values[row], row);
        if (numberOf[recipient.rows.values[row]] > 0) take(domains, numberOf[recipient.rows.values[row]], row);
    }
    const isHigh = ({ all, count }) =>
        count >= FAILURES.least && all >= FAILURES.of && count / all >= FAILURES.share && count / all >= FAILURES.factor * overall;
    const finding = (name, { all, count, people }, search) => ({
        kind: "failures", level: 2, observed: count, all, overall, recipients: people.size, name, search: `${search} status:failed`,
    });
    return [
        ...[...senders].filter(([, sum]) => isHigh(sum)).map(([number, sum]) => finding(sender.distinct[number], sum, `from:${sender.distinct[number]}`)),
        ...[...domains].filter(([number, sum]) => isHigh(sum) && !isOwn(names[number], own)).map(([number, sum]) => finding(names[number], sum, `to:@${names[number]}`)),
    ].sort((one, other) => other.observed - one.observed).slice(0, MOST_OF_A_KIND);
}
