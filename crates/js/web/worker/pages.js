// Saved pages and arrays, on one line or pretty-printed over many: where their rows are.
//
// A page is {"value":[…]}, {"d":{"results":[…]}}, {"d":[…]} or a bare array; several may follow each other. An object at the
// top that is no page is a row. Only brackets, strings and keys are looked at: whether a row is JSON is for the
// normalizer to say.

import { LINE_FEED, isSpace, lineFeeds } from "./bytes.js";

const [QUOTE, COMMA, COLON, BACKSLASH] = [..."\",:\\"].map((character) => character.charCodeAt(0));
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [..."[]{}"].map((character) => character.charCodeAt(0));
const decoder = new TextDecoder();

/** Whether these first bytes belong to a page and not to a row. */
export function startsPage(bytes) {
    const { rows, isRow } = object(bytes, 0);
    return rows !== undefined && !isRow;
}

/** The rows: `{start, end, line}`, the bytes from start to end and the line they begin on. */
export function* pages(bytes) {
    let counted = 0;
    let line = 1;
    const row = (start, end) => {
        line += lineFeeds(bytes, counted, start);
        counted = start;
        return { start, end, line };
    };
    let at = space(bytes, 0);
    while (at < bytes.length) {
        if (bytes[at] === OPEN_LIST) {
            at = yield* list(bytes, at, row);
        } else if (bytes[at] === OPEN_OBJECT) {
            const { rows, isRow, end } = object(bytes, at);
            if (rows !== undefined && !isRow) {
                const behind = yield* list(bytes, rows, row);
                at = end < 0 ? bytes.length : Math.max(end, behind);
            } else {
                yield row(at, end < 0 ? bytes.length : end);
                at = end < 0 ? bytes.length : end;
            }
        } else {
            // No JSON: a line of it is refused as a whole.
            const feed = bytes.indexOf(LINE_FEED, at);
            const end = feed < 0 ? bytes.length : feed;
            yield row(at, end);
            at = end;
        }
        at = space(bytes, at);
    }
}

/** The rows of the list that opens at `at`. Returns the offset behind it. */
function* list(bytes, at, row) {
    at = space(bytes, at + 1);
    while (at < bytes.length) {
        if (bytes[at] === CLOSE_LIST) return at + 1;
        if (bytes[at] === COMMA) {
            at = space(bytes, at + 1);
            continue;
        }
        const end = value(bytes, at);
        yield row(at, end < 0 ? bytes.length : end);
        if (end < 0) return bytes.length;
        at = space(bytes, end);
    }
    return at;
}

/** The object that opens at `at`: where its list of rows opens, whether it is a row itself, and its end or -1. */
function object(bytes, at, isInner = false) {
    let rows;
    let isRow = false;
    at = space(bytes, at + 1);
    while (at < bytes.length && bytes[at] !== CLOSE_OBJECT) {
        if (bytes[at] === COMMA) {
            at = space(bytes, at + 1);
            continue;
        }
        const end = bytes[at] === QUOTE ? string(bytes, at) : -1;
        if (end < 0) return { rows, isRow, end: -1 };
        const key = decoder.decode(bytes.subarray(at + 1, Math.min(end - 1, at + 20)));
        at = space(bytes, end);
        if (bytes[at] !== COLON) return { rows, isRow, end: -1 };
        at = space(bytes, at + 1);
        isRow ||= key === "receivedDateTime" || key === "Received";
        const isList = bytes[at] === OPEN_LIST;
        if (isInner ? key === "results" && isList : (key === "value" || key === "d") && isList) rows = at;
        else if (!isInner && key === "d" && bytes[at] === OPEN_OBJECT) rows = object(bytes, at, true).rows ?? rows;
        at = value(bytes, at);
        if (at < 0) return { rows, isRow, end: -1 };
        at = space(bytes, at);
    }
    return { rows, isRow, end: at < bytes.length ? at + 1 : -1 };
}

/** The end of the value that begins at `at`; -1 if the bytes end before it. */
function value(bytes, at) {
    const first = bytes[at];
    if (first === QUOTE) return string(bytes, at);
    if (first !== OPEN_OBJECT && first !== OPEN_LIST) {
        // Something must be taken, or a stray bracket would be looked at for ever.
        let end = at + 1;
        while (end < bytes.length && !isEndOfScalar(bytes[end])) end += 1;
        return end;
    }
    let depth = 0;
    for (; at < bytes.length; at += 1) {
        switch (bytes[at]) {
            case QUOTE: {
                const end = string(bytes, at);
                if (end < 0) return -1;
                at = end - 1;
                break;
            }
            case OPEN_OBJECT:
            case OPEN_LIST:
                depth += 1;
                break;
            case CLOSE_OBJECT:
            case CLOSE_LIST:
                depth -= 1;
                if (depth === 0) return at + 1;
        }
    }
    return -1;
}

function isEndOfScalar(byte) {
    return byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT || isSpace(byte);
}

/** The offset behind the string that begins at `at`; -1 if the bytes end before it. */
function string(bytes, at) {
    for (let end = at + 1; ; ) {
        end = bytes.indexOf(QUOTE, end);
        if (end < 0) return -1;
        let slashes = 0;
        while (bytes[end - 1 - slashes] === BACKSLASH) slashes += 1;
        end += 1;
        if (slashes % 2 === 0) return end;
    }
}

function space(bytes, at) {
    while (at < bytes.length && isSpace(bytes[at])) at += 1;
    return at;
}
