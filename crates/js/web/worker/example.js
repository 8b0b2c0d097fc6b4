// Rows to look at without an export at hand: a made-up week of a made-up company, the same on every visit.

const START = Date.UTC(2026, 0, 5);
const ROWS = 6_000;
const PEOPLE = ["adele", "alex", "christie", "diego", "grady", "isaiah", "johanna", "joni", "lee", "lidia", "lynne", "megan", "miriam", "nestor", "patti", "pradeep"];
const OUTSIDE = ["example.com", "example.net", "example.org", "mail.example.com", "news.example.net", "shop.example.org"];
const SUBJECTS = [
    "Quarterly report", "Re: Meeting notes", "Invoice", "Your order has shipped", "Angebot für März", "見積書のご送付", "Weekly digest",
    "Lunch on Friday? 🍜", "Password will expire soon", "Fwd: Contract draft", "Réunion de lundi", "Build failed on main", "Out of office",
];
const STATUSES = [
    ["delivered", 86], ["failed", 4], ["filteredAsSpam", 4], ["quarantined", 2], ["pending", 1], ["expanded", 2], ["gettingStatus", 1],
];

/** The rows as a file of raw lines of Graph, with two lines among them that are none. */
export function exampleFile() {
    const chance = chanceFrom(20260105);
    const pick = (list) => list[Math.floor(chance() * list.length)];
    const inside = () => `${pick(PEOPLE)}@contoso.com`;
    const outside = () => `${pick(PEOPLE)}@${pick(OUTSIDE)}`;
    const hex = (length) => Array.from({ length }, () => Math.floor(chance() * 16).toString(16)).join("");
    const times = Array.from({ length: ROWS }, () => START + moment(chance)).sort((one, other) => other - one);
    const lines = times.map((time) => {
        const kind = chance();
        const [sender, recipient] = kind < 0.45 ? [outside(), inside()] : kind < 0.75 ? [inside(), outside()] : [inside(), inside()];
        const isBounce = chance() < 0.01;
        const number = chance() < 0.3 ? ` ${Math.floor(chance() * 900 + 100)}` : "";
        return JSON.stringify({
            id: `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
            senderAddress: isBounce ? "<>" : sender,
            recipientAddress: recipient,
            messageId: `<${hex(20)}@${sender.split("@")[1]}>`,
            receivedDateTime: new Date(time).toISOString().replace(".000Z", "Z"),
            subject: isBounce ? `Undeliverable: ${pick(SUBJECTS)}` : pick(SUBJECTS) + number,
            size: Math.floor(2_000 * Math.exp(chance() * chance() * 9)),
            fromIP: kind < 0.45 ? `192.0.2.${Math.floor(chance() * 254 + 1)}` : `2001:db8::${hex(4)}`,
            toIP: kind < 0.45 ? "" : `198.51.100.${Math.floor(chance() * 254 + 1)}`,
            status: weighted(STATUSES, chance()),
        });
    });
    lines.splice(40, 0, '{"id":"a row that was cut of');
    lines.splice(900, 0, '{"id":"a row without its time","status":"delivered","receivedDateTime":null}');
    return new File([lines.join("\n")], "example.ndjson");
}

/** A moment of the week: mostly in the hours of work. */
function moment(chance) {
    const day = Math.floor(chance() * (chance() < 0.9 ? 5 : 7));
    const hour = chance() < 0.75 ? 7 + (chance() + chance()) * 5.5 : chance() * 24;
    return day * 86_400e3 + Math.floor(hour * 3600) * 1000;
}

function weighted(list, chance) {
    let left = chance * list.reduce((sum, [, weight]) => sum + weight, 0);
    return list.find(([, weight]) => (left -= weight) < 0)?.[0] ?? list[0][0];
}

/** Numbers from 0 to below 1, from a seed (mulberry32). */
function chanceFrom(seed) {
    return () => {
        seed = (seed + 0x6d2b79f5) | 0;
        let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
}
