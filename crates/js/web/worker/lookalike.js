// Whether a domain imitates another: the families are those of dnstwist, found without listing every variant.
//
// `lookalike(domain, protectedDomains)` is the whole interface, so that another implementation can take its place.

import punycode from "punycode/punycode.es6.js";

// Letters and pairs that look like another, by what they look like.
const ALIKE = {
    a: "àáâãäåāăąɑаα@4", b: "ḃƅьв8", c: "çćĉċčсϲ", d: "ďđɗԁ", e: "èéêëēĕėęěеєε3", g: "ĝğġģɡց9", h: "ĥħհһ", i: "ìíîïĩīĭįıіι1l|!ӏ", j: "ĵјϳ",
    k: "ķкκ", m: "ṃм", n: "ñńņňոп", o: "òóôõöøōŏőоοօσ0", p: "рρ", q: "ԛզ", r: "ŕŗřг", s: "śŝşšѕ5", t: "ţťŧтτ7", u: "ùúûüũūŭůűųυս", v: "νѵ",
    w: "ŵԝѡω", x: "хχ×", y: "ýÿŷуγ", z: "źżžᴢ2",
};
const SKELETON = new Map(Object.entries(ALIKE).flatMap(([letter, others]) => [...others].map((other) => [other, letter])));
// `l` is `i` by then.
const PAIRS = [["rn", "m"], ["vv", "w"], ["ci", "d"]];
const WORDS = /^(?:account|admin|auth|billing|cloud|corp|group|help|helpdesk|hr|info|invoice|it|login|mail|mfa|my|office|online|pay|payment|payroll|portal|secure|security|service|shop|sign-?in|sso|store|support|team|update|verify|vpn|web|webmail)s?$/;
const VOWELS = /[aeiou]/;
// Endings of two parts that are common; with others of two parts the part before the last is taken for the name.
const SECOND_LEVEL = /\.(?:(?:co|com|org|net|ac|gov|edu|or|ne|gob|gouv|asso)\.[a-z]{2})$/;
// A short name is one letter away from many.
const MIN_LENGTH = 5;

/** What a domain imitates, `{resembles, family, distance}`; `undefined` if none of the protected, is one, or is below one. */
export function lookalike(domain, protectedDomains) {
    if (protectedDomains.some((one) => domain === one || domain.endsWith(`.${one}`))) return undefined;
    let nearest;
    for (const one of protectedDomains) {
        const found = compare(domain, one);
        if (found && !(nearest?.distance <= found.distance)) nearest = { resembles: one, ...found };
        if (nearest?.distance === 0) break;
    }
    return nearest;
}

function compare(domain, one) {
    if (`.${domain}`.includes(`.${one}.`)) return { family: "subdomain", distance: 0 };
    const [theirs, ours] = [partsOf(domain), partsOf(one)];
    if (theirs.name === ours.name) return { family: "tld-swap", distance: 0 };
    const [theirSkeleton, ourSkeleton] = [skeleton(theirs.name), skeleton(ours.name)];
    if (theirSkeleton === ourSkeleton) return { family: isCyrillic(theirs.name) ? "cyrillic" : "homoglyph", distance: 0 };
    if (theirs.name.replaceAll("-", "") === ours.name.replaceAll("-", "")) return { family: "hyphenation", distance: 1 };
    if (theirs.name === `${ours.name}s` || `${theirs.name}s` === ours.name) return { family: "plural", distance: 1 };
    if (ours.name.length >= MIN_LENGTH) {
        const family = oneEdit(theirs.name, ours.name) ?? (oneEdit(theirSkeleton, ourSkeleton) && "homoglyph");
        if (family) return { family, distance: 1 };
        const rest = theirs.name.split(ours.name);
        if (rest.length === 2 && isAdded(rest)) return { family: "dictionary", distance: 1 };
    }
    return undefined;
}

/** Whether what stands around a name is a word that people add, or is set off with a hyphen. */
function isAdded(rest) {
    const [before, behind] = rest.map((part) => part.replace(/^-|-$/g, ""));
    const isWord = (part, whole) => part === "" || WORDS.test(part) || (whole.includes("-") && part.length < 12);
    return isWord(before, rest[0]) && isWord(behind, rest[1]);
}

/** The name before the public ending, in Unicode. */
function partsOf(domain) {
    const readable = unicode(domain);
    const labels = readable.split(".");
    const ending = SECOND_LEVEL.test(readable) ? 2 : 1;
    return { name: labels.length > ending ? labels[labels.length - ending - 1] : readable };
}

function unicode(domain) {
    try {
        return punycode.toUnicode(domain);
    } catch {
        return domain;
    }
}

/** The name with everything that looks alike written alike. */
function skeleton(name) {
    let text = [...name.normalize("NFKC")].map((letter) => SKELETON.get(letter) ?? letter).join("").normalize("NFD").replace(/\p{M}/gu, "");
    for (const [pair, letter] of PAIRS) text = text.replaceAll(pair, letter);
    return text;
}

const isCyrillic = (name) => /\p{Script=Cyrillic}/u.test(name);

/** The family of the one edit between two names, neighbours in exchange among them; `undefined` if it takes more. */
function oneEdit(one, other) {
    if (Math.abs(one.length - other.length) > 1 || one === other) return undefined;
    let start = 0;
    while (start < Math.min(one.length, other.length) && one[start] === other[start]) start += 1;
    const [a, b] = [one.slice(start), other.slice(start)];
    if (a.length > b.length) {
        if (a.slice(1) !== b) return undefined;
        if (a[0] === one[start - 1] || a[0] === b[0]) return "repetition";
        return b === "" ? "addition" : "insertion";
    }
    if (a.length < b.length) return a === b.slice(1) ? "omission" : undefined;
    if (a.slice(1) === b.slice(1)) return VOWELS.test(a[0]) && VOWELS.test(b[0]) ? "vowel-swap" : "replacement";
    return a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2) ? "transposition" : undefined;
}
