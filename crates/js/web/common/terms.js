// The words of a search: `from:alice@example.com "year end" -status:failed`. The page shows them as chips, the worker
// finds by them.

/** The fields that can be named before a colon. */
export const KEYS = ["from", "to", "domain", "ip", "status", "direction", "subject", "id", "cause"];
const TERM = new RegExp(`(-?)(?:(${KEYS.join("|")}):)?(?:"([^"]*)"?|(\\S+))`, "gi");

/** The terms of a search, `{key, value, isNot, isPhrase, text, start, end}`; one that is still without a value is left out. */
export function termsOf(search) {
    const terms = [];
    for (const match of search.matchAll(TERM)) {
        const [text, not, key, phrase, word] = match;
        const value = (phrase ?? word ?? "").trim();
        if (value === "") continue;
        // `from:` alone, before its value is typed, is no word.
        if (key === undefined && phrase === undefined && KEYS.some((name) => value.toLowerCase() === `${name}:`)) continue;
        terms.push({
            key: key?.toLowerCase(), value, isNot: not === "-", isPhrase: phrase !== undefined, text,
            start: match.index, end: match.index + text.length,
        });
    }
    return terms;
}

/** A term as it is written in a search. */
export function termText(key, value) {
    const isPlain = /^[^\s":-][^\s"]*$/.test(value);
    const quoted = isPlain && (key || !value.includes(":")) ? value : `"${value.replaceAll('"', " ")}"`;
    return key ? `${key}:${quoted}` : quoted;
}

/** The search without the term at that place. */
export function without(search, at) {
    const { start, end } = termsOf(search)[at];
    return `${search.slice(0, start)}${search.slice(end)}`.replace(/\s+/g, " ").trim();
}

/** The search with this term instead of those of its key; without them if the value is empty. */
export function withTerm(search, key, value) {
    const kept = termsOf(search).filter((term) => term.key !== key).map(({ text }) => text);
    return [...kept, ...(value ? [termText(key, value)] : [])].join(" ");
}

/** The value that a search asks for under a key, if there is exactly one and it is not excluded. */
export function valueOf(search, key) {
    const found = termsOf(search).filter((term) => term.key === key);
    return found.length === 1 && !found[0].isNot ? found[0].value : "";
}
