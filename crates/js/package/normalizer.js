// Lines to events.

import { asBytes } from "./bytes.js";
import { memory, newCore } from "./module.js";
import { optionsAsJson } from "./options.js";
import { Rejection } from "./rejection.js";
import { mostBytes, textIn } from "./text.js";

// Batches are cut to this length, in bytes or characters: the caches of a processor hold it, and the module's memory
// stays small.
const CHUNK_LENGTH = 256 * 1024;
const LINE_FEED = 10;

/** Turns lines into events under one set of options. */
export class Normalizer {
    #core;
    #input = 0;
    #room = 0;
    #memory;
    #text;

    constructor(options) {
        const json = optionsAsJson(options);
        try {
            this.#core = newCore(json);
        } catch (error) {
            throw typeof error === "string" ? new TypeError(`message-trace: ${error}`) : error;
        }
    }

    /** One line to one event. Throws a `Rejection` if it gives none. */
    normalize(line) {
        return this.#event(this.#core.normalize(this.#write(line)));
    }

    /** One line that was delivered before, and has changed since, or whose details came, to its next event. */
    normalizeRevision(line, { sequence, previousStatus, details }) {
        const length = this.#write(line);
        const number = BigInt.asUintN(64, BigInt(sequence));
        const status = previousStatus ?? undefined;
        return this.#event(this.#core.normalize_revision(length, number, status, details ?? undefined));
    }

    /** Lines to events, each with a line feed. */
    normalizeBatch(lines) {
        const source = typeof lines === "string" ? lines : asBytes(lines);
        const feed = typeof lines === "string" ? "\n" : LINE_FEED;
        const events = new Gathered(source.length);
        const rejections = [];
        let count = 0;
        // Lines are counted only where a number is asked for.
        let [counted, linesBefore] = [0, 0];
        for (let start = 0, end; start < source.length; start = end) {
            end = endOfChunk(source, feed, start);
            const isAccepted = this.#core.normalize_batch(this.#write(piece(source, start, end)));
            events.add(this.#events(), end);
            count += this.#core.count();
            if (isAccepted) continue;
            linesBefore += feeds(source, feed, counted, start);
            counted = start;
            for (const rejection of JSON.parse(this.#core.rejections())) {
                rejection.line += linesBefore;
                rejections.push(rejection);
            }
        }
        return { events: events.whole(), count, rejections };
    }

    /** Gives the module's memory back. The garbage collector does it too, but later. */
    free() {
        this.#core.free();
    }

    #event(isAccepted) {
        const core = this.#core;
        if (!isAccepted) throw new Rejection(JSON.parse(core.rejections())[0]);
        this.#refresh();
        return this.#text.read(core.events(), core.events_length(), core.is_ascii());
    }

    #write(line) {
        if (typeof line !== "string") return this.#copy(asBytes(line));
        this.#reserve(mostBytes(line));
        return this.#text.write(line, this.#input);
    }

    #copy(bytes) {
        this.#reserve(bytes.length);
        new Uint8Array(this.#memory, this.#input, bytes.length).set(bytes);
        return bytes.length;
    }

    #events() {
        return new Uint8Array(memory(), this.#core.events(), this.#core.events_length());
    }

    #reserve(length) {
        if (length > this.#room) {
            // Twice as much, so that lines that grow slowly do not move the buffer each time.
            this.#room = Math.max(length, Math.min(this.#room * 2, 1 << 24), 4096);
            this.#input = this.#core.input(this.#room);
        }
        this.#refresh();
    }

    #refresh() {
        const current = memory();
        if (this.#memory !== current) {
            this.#memory = current;
            this.#text = textIn(current);
        }
    }
}

/** One line to one event, with a normalizer that is kept for these options. */
export function normalize(line, options) {
    return shared(options).normalize(line);
}

/** One line that was delivered before, and has changed since, to its next event. */
export function normalizeRevision(line, revision, options) {
    return shared(options).normalizeRevision(line, revision);
}

/** Lines to events. */
export function normalizeBatch(lines, options) {
    return shared(options).normalizeBatch(lines);
}

// One normalizer without options, and one for the options that were used last.
let plain;
let last = { json: undefined, normalizer: undefined };

function shared(options) {
    if (options === undefined) return (plain ??= new Normalizer());
    const json = optionsAsJson(options);
    if (last.json !== json) {
        const normalizer = new Normalizer(options);
        last.normalizer?.free();
        last = { json, normalizer };
    }
    return last.normalizer;
}

/** Where the chunk that begins at `start` ends: behind a line feed, or at the end. */
function endOfChunk(source, feed, start) {
    const wanted = start + CHUNK_LENGTH;
    if (wanted >= source.length) return source.length;
    const before = source.lastIndexOf(feed, wanted - 1);
    if (before >= start) return before + 1;
    const after = source.indexOf(feed, wanted);
    return after < 0 ? source.length : after + 1;
}

function piece(source, start, end) {
    return typeof source === "string" ? source.slice(start, end) : source.subarray(start, end);
}

function feeds(source, feed, start, end) {
    let count = 0;
    for (let at = source.indexOf(feed, start); at >= 0 && at < end; at = source.indexOf(feed, at + 1)) count += 1;
    return count;
}

/** Events on their way into one array, copied once: its room is judged by the first chunk. */
class Gathered {
    #inputLength;
    #room = new Uint8Array();
    #length = 0;

    constructor(inputLength) {
        this.#inputLength = inputLength;
    }

    /** Adds the events of the input up to `end`. */
    add(events, end) {
        const length = this.#length + events.length;
        if (end === this.#inputLength && this.#length === 0) {
            this.#room = events.slice();
        } else {
            if (length > this.#room.length) this.#widen(Math.max(length, Math.ceil((length / end) * this.#inputLength * 1.05)));
            this.#room.set(events, this.#length);
        }
        this.#length = length;
    }

    whole() {
        return this.#room.subarray(0, this.#length);
    }

    #widen(length) {
        const wider = new Uint8Array(length);
        wider.set(this.#room.subarray(0, this.#length));
        this.#room = wider;
    }
}
