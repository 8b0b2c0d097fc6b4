// Lines to events.

import { asBytes, joined } from "./bytes.js";
import { memory, newCore } from "./module.js";
import { optionsAsJson } from "./options.js";
import { Rejection } from "./rejection.js";
import { mostBytes, textIn } from "./text.js";

// Batches are cut to this size: the caches of a processor hold it, and the module's memory stays small.
const CHUNK_BYTES = 256 * 1024;
const LINE_FEED = 10;
const encoder = new TextEncoder();

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

    /** One line that was delivered before, and has changed since, to its next event. */
    normalizeRevision(line, { sequence, previousStatus }) {
        const length = this.#write(line);
        const status = previousStatus ?? undefined;
        return this.#event(this.#core.normalize_revision(length, BigInt.asUintN(64, BigInt(sequence)), status));
    }

    /** Lines to events, each with a line feed. */
    normalizeBatch(lines) {
        const bytes = typeof lines === "string" ? encoder.encode(lines) : asBytes(lines);
        const parts = [];
        const rejections = [];
        let count = 0;
        let line = 0;
        for (let start = 0, end; start < bytes.length; start = end) {
            end = endOfChunk(bytes, start);
            const isWhole = start === 0 && end === bytes.length;
            const isAccepted = this.#core.normalize_batch(this.#copy(bytes.subarray(start, end)));
            parts.push(this.#events().slice());
            count += this.#core.count();
            if (!isAccepted) {
                for (const rejection of JSON.parse(this.#core.rejections())) {
                    rejection.line += line;
                    rejections.push(rejection);
                }
            }
            if (!isWhole) line += lineFeeds(bytes, start, end);
        }
        return { events: joined(parts), count, rejections };
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
function endOfChunk(bytes, start) {
    const wanted = start + CHUNK_BYTES;
    if (wanted >= bytes.length) return bytes.length;
    const before = bytes.lastIndexOf(LINE_FEED, wanted - 1);
    if (before >= start) return before + 1;
    const after = bytes.indexOf(LINE_FEED, wanted);
    return after < 0 ? bytes.length : after + 1;
}

function lineFeeds(bytes, start, end) {
    let count = 0;
    for (let at = bytes.indexOf(LINE_FEED, start); at >= 0 && at < end; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1;
    return count;
}
