// All rows that were read: their bytes as they came, and columns of what the views show.

import { Rejection } from "../../../../dist/npm/index.js";
import { isSpace, LINE_FEED } from "./bytes.js";
import { Numbers, Texts } from "./columns.js";

/** The directions, as the events name them; without one the organization's domains are not known. */
export const DIRECTIONS = ["", "inbound", "outbound", "internal", "external"];
/** The columns that are texts. */
export const TEXTS = ["sender", "recipient", "subject", "status", "messageId", "traceId", "sourceIp", "destinationIp", "cause"];
// The query sorts numbers that hold a row in their last 24 bits.
const MAX_ROWS = 2 ** 24;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export class Store {
    #ids;
    #rows;

    constructor() {
        this.clear();
    }

    clear() {
        /** What was read: `{name, problem, isRemoved}`. */
        this.sources = [];
        this.chunks = [];
        /** Where each row's bytes are, and where it came from. */
        this.chunk = new Numbers(Uint32Array);
        this.start = new Numbers(Uint32Array);
        this.end = new Numbers(Uint32Array);
        this.source = new Numbers(Uint16Array);
        this.line = new Numbers(Float64Array);
        this.refusals = [];
        this.resetColumns();
    }

    resetColumns() {
        this.received = new Numbers(Float64Array);
        this.size = new Numbers(Float64Array);
        this.direction = new Numbers(Uint8Array);
        /** 1 for a row that was read before: its event has the same id. */
        this.duplicate = new Numbers(Uint8Array);
        this.texts = Object.fromEntries(TEXTS.map((name) => [name, new Texts()]));
        this.#ids = new Set();
        this.#rows = undefined;
    }

    /** How many rows there are, duplicates too. */
    get length() {
        return this.received.length;
    }

    /** The rows that are no duplicates. */
    get rows() {
        if (this.#rows === undefined) {
            this.#rows = new Uint32Array(this.length);
            let count = 0;
            for (let row = 0; row < this.length; row += 1) if (this.duplicate.values[row] === 0) this.#rows[count++] = row;
            this.#rows = this.#rows.subarray(0, count);
        }
        return this.#rows;
    }

    addSource(name) {
        return this.sources.push({ name }) - 1;
    }

    /** Takes a source away with all its rows. The others are read again: what was a duplicate may be none any more. */
    removeSource(source, normalizer, progress) {
        const isKept = Array.from(this.source.values.subarray(0, this.source.length), (of) => of !== source);
        for (const column of [this.chunk, this.start, this.end, this.line, this.source]) column.keep((row) => isKept[row]);
        const used = new Set(this.chunk.values.subarray(0, this.chunk.length));
        this.chunks.forEach((_, chunk) => used.has(chunk) || (this.chunks[chunk] = undefined));
        this.refusals = this.refusals.filter((refusal) => refusal.source !== source);
        this.sources[source] = { ...this.sources[source], isRemoved: true };
        this.reread(normalizer, progress);
    }

    /** Each source that is there, with how much of it is what. */
    sourceCounts() {
        const counts = this.sources.map((source, id) => ({ id, ...source, rows: 0, duplicates: 0, refused: 0 }));
        // The rows of a report are of no source.
        for (let row = 0; row < this.source.length; row += 1) counts[this.source.values[row]][this.duplicate.values[row] ? "duplicates" : "rows"] += 1;
        for (const { source } of this.refusals) counts[source].refused += 1;
        return counts.filter(({ isRemoved }) => !isRemoved);
    }

    /** The row's bytes as they came; `undefined` in a report, which has none. */
    raw(row) {
        if (row >= this.chunk.length) return undefined;
        return this.chunks[this.chunk.values[row]].subarray(this.start.values[row], this.end.values[row]);
    }

    /** A sink for the rows of a source. The second normalizer keeps the original: it tells rows out of pages. */
    sink(source, normalizer, keeping) {
        this.#rows = undefined;
        return {
            row: (bytes, line) => this.#row(bytes, line, source, normalizer),
            lines: (bytes, first) => this.#lines(bytes, first, source, normalizer, keeping),
        };
    }

    /** Reads every row again, as other options make another event of it. */
    reread(normalizer, progress) {
        this.resetColumns();
        const rows = this.chunk.length;
        for (let row = 0; row < rows; row += 1) {
            this.#push(JSON.parse(normalizer.normalize(this.raw(row))));
            if (row % 20_000 === 0) progress(row / rows);
        }
        normalizer.free();
    }

    facets() {
        const counts = this.texts.status.countsOf(this.rows);
        const statuses = this.texts.status.distinct
            .map((name, number) => ({ name, count: counts[number] }))
            .filter(({ count }) => count > 0)
            .sort((one, other) => other.count - one.count);
        const directions = DIRECTIONS.map((name) => ({ name, count: 0 }));
        for (const row of this.rows) directions[this.direction.values[row]].count += 1;
        return { statuses, directions: directions.filter(({ count }) => count > 0) };
    }

    /** Why lines were refused, with how many of each. */
    refusalReasons() {
        const reasons = new Map();
        for (const { reason } of this.refusals) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        return [...reasons].map(([reason, count]) => ({ reason, count })).sort((one, other) => other.count - one.count);
    }

    refusalRows(from, to) {
        return this.refusals.slice(from, to).map(({ source, line, reason, message }) => ({ file: this.sources[source].name, line, reason, message }));
    }

    refusalDetails(position) {
        const { source, line, reason, message, bytes } = this.refusals[position];
        return { file: this.sources[source].name, line, reason, message, raw: decoder.decode(bytes), bytes: bytes.length };
    }

    #row(bytes, line, source, normalizer) {
        try {
            this.#push(JSON.parse(normalizer.normalize(bytes)));
            this.#place(this.chunks.push(bytes) - 1, 0, bytes.length, source, line);
        } catch (error) {
            if (!(error instanceof Rejection)) throw error;
            this.#refuse(error, bytes, source, line);
        }
    }

    /** A line that may be a page: the events tell which rows it holds. */
    #page(bytes, line, source, keeping) {
        const { events, rejections } = keeping.normalizeBatch(bytes);
        for (const text of decoder.decode(events).split("\n").filter(Boolean)) {
            const event = JSON.parse(text);
            const raw = encoder.encode(event.event.original);
            this.#push(event);
            this.#place(this.chunks.push(raw) - 1, 0, raw.length, source, line);
        }
        for (const rejection of rejections) this.#refuse(rejection, bytes, source, line);
    }

    #lines(bytes, first, source, normalizer, keeping) {
        const { events, count, rejections } = normalizer.normalizeBatch(bytes);
        const lines = linesOf(bytes, first);
        if (count + rejections.length !== lines.length || mayHoldPages(bytes, lines)) {
            // A page is among the lines, or may be: events cannot be told to lines by counting.
            for (const { start, end, line } of lines) this.#page(bytes.slice(start, end), line, source, keeping);
            return;
        }
        // A copy: the bytes may belong to a buffer of a whole file.
        const chunk = this.chunks.push(bytes.byteLength < bytes.buffer.byteLength ? bytes.slice() : bytes) - 1;
        const texts = decoder.decode(events).split("\n");
        let event = 0;
        let refused = 0;
        for (const { start, end, line, index } of lines) {
            if (rejections[refused]?.line === index) {
                this.#refuse(rejections[refused], bytes.slice(start, end), source, line);
                refused += 1;
            } else {
                this.#push(JSON.parse(texts[event]));
                this.#place(chunk, start, end, source, line);
                event += 1;
            }
        }
    }

    #place(chunk, start, end, source, line) {
        this.chunk.push(chunk);
        this.start.push(start);
        this.end.push(end);
        this.source.push(source);
        this.line.push(line);
    }

    #refuse({ reason, message }, bytes, source, line) {
        this.refusals.push({ reason, message, bytes, source, line });
    }

    /** Takes from an event, target `ecs`, what the views show. */
    #push(event) {
        if (this.length >= MAX_ROWS) throw new Error(`More than ${MAX_ROWS.toLocaleString("en")} rows do not fit into one page.`);
        const { email = {}, m365 = {}, source, destination } = event;
        const { message_trace: trace = {} } = m365;
        const { texts } = this;
        const { id } = event.event;
        this.duplicate.push(id !== undefined && this.#ids.has(id) ? 1 : 0);
        this.#ids.add(id);
        this.received.push(Date.parse(event["@timestamp"]));
        this.size.push(trace.size ?? NaN);
        this.direction.push(Math.max(0, DIRECTIONS.indexOf(email.direction ?? "")));
        texts.sender.push(email.from?.address[0] ?? (trace.is_bounce ? "<>" : ""));
        texts.recipient.push(email.to?.address[0]);
        texts.subject.push(email.subject);
        texts.status.push(event.event.action);
        texts.messageId.push(email.message_id);
        texts.traceId.push(email.local_id);
        texts.sourceIp.push(source?.ip);
        texts.destinationIp.push(destination?.ip);
        texts.cause.push(typeof trace.cause === "string" ? trace.cause : trace.cause?.name);
    }
}

/** The lines that are not blank: their bytes, where their text begins, their number in the file and in these bytes. */
function linesOf(bytes, first) {
    const lines = [];
    const numberOf = typeof first === "function" ? first : (index) => first + index - 1;
    for (let start = 0, index = 1; start < bytes.length; index += 1) {
        const feed = bytes.indexOf(LINE_FEED, start);
        const end = feed < 0 ? bytes.length : feed;
        let at = start;
        while (at < end && isSpace(bytes[at])) at += 1;
        if (at < end) lines.push({ start, end, text: at, index, line: numberOf(index) });
        start = end + 1;
    }
    return lines;
}

/** Whether one of the lines may be a page. */
function mayHoldPages(bytes, lines) {
    if (lines.some(({ text }) => bytes[text] === 0x5b)) return true;
    const text = decoder.decode(bytes);
    return text.includes('"value"') || text.includes('"d"');
}
