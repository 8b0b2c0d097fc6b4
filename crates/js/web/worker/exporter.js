// Rows on their way out: events in any target, raw lines, the table as CSV.

import { Normalizer } from "../../../../dist/npm/index.js";
import { DIRECTIONS } from "./store.js";

// Rows in one piece of a stream.
const PIECE = 2_000;
const COLUMNS = ["Received (UTC)", "Sender", "Recipient", "Subject", "Size (bytes)", "Status", "Direction", "Message ID", "Trace ID", "From IP", "To IP"];
// A spreadsheet takes a cell that begins like this for a formula.
const FORMULA = /^[=+\-@\t\r]/;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export class Exporter {
    #store;
    #query;

    constructor(store, query) {
        this.#store = store;
        this.#query = query;
    }

    /** One row: the raw line, and its event. */
    details(row, target, domains) {
        const store = this.#store;
        const raw = store.raw(row);
        return {
            row,
            file: raw && store.sources[store.source.values[row]].name,
            line: raw && store.line.values[row],
            received: store.received.values[row],
            size: store.size.values[row],
            direction: DIRECTIONS[store.direction.values[row]],
            ...Object.fromEntries(Object.entries(store.texts).map(([name, texts]) => [name, texts.at(row)])),
            // A report has the columns alone.
            ...(raw && { raw: decoder.decode(raw), event: eventOf(raw, target, domains) }),
        };
    }

    /** A file of what is wanted, packed with gzip if that is wanted too. */
    async blob({ isGzip, ...wanted }, domains) {
        const pieces = this.#pieces(wanted, domains);
        const stream = new ReadableStream({
            pull(controller) {
                const { done, value } = pieces.next();
                if (done) controller.close();
                else controller.enqueue(value);
            },
        });
        return new Response(isGzip ? stream.pipeThrough(new CompressionStream("gzip")) : stream).blob();
    }

    /** The same as text, for the clipboard. */
    text(wanted, domains) {
        return Array.from(this.#pieces(wanted, domains), (piece) => decoder.decode(piece)).join("");
    }

    *#pieces({ what, isFiltered, target }, domains) {
        const store = this.#store;
        if (what === "refusals") {
            const lines = store.refusals.map(({ source, line, reason, message, bytes }) =>
                `${JSON.stringify({ file: store.sources[source].name, line, reason, message, raw: decoder.decode(bytes) })}\n`,
            );
            yield encoder.encode(lines.join(""));
            return;
        }
        const rows = isFiltered ? this.#query.shown : store.rows;
        const normalizer = what === "events" && new Normalizer({ target, organizationDomains: domains });
        if (what === "table") yield encoder.encode(csvLine(COLUMNS));
        for (let from = 0; from < rows.length; from += PIECE) {
            const piece = rows.subarray(from, from + PIECE);
            if (what === "table") yield encoder.encode(Array.from(piece, (row) => this.#csv(row)).join(""));
            else if (what === "raw") yield this.#rawLines(piece);
            else yield this.#events(piece, normalizer);
        }
        if (normalizer) normalizer.free();
    }

    /** Rows out of pretty-printed pages hold line feeds: they cannot go through a batch, nor into NDJSON as they are. */
    #events(rows, normalizer) {
        const lines = this.#rawLines(rows, true);
        if (lines) return normalizer.normalizeBatch(lines).events;
        return encoder.encode(Array.from(rows, (row) => `${normalizer.normalize(this.#store.raw(row))}\n`).join(""));
    }

    /** Raw lines; those that hold line feeds are written on one, or, if `strict`, nothing is given. */
    #rawLines(rows, strict = false) {
        const parts = [];
        let length = 0;
        for (const row of rows) {
            let raw = this.#store.raw(row);
            if (raw.includes(10)) {
                if (strict) return undefined;
                // Outside of a string, where it is not allowed, a line feed is white space.
                raw = raw.map((byte) => (byte === 10 || byte === 13 ? 32 : byte));
            }
            parts.push(raw);
            length += raw.length + 1;
        }
        const whole = new Uint8Array(length).fill(10);
        let at = 0;
        for (const part of parts) {
            whole.set(part, at);
            at += part.length + 1;
        }
        return whole;
    }

    #csv(row) {
        const { texts, received, size, direction } = this.#store;
        return csvLine([
            new Date(received.values[row]).toISOString(),
            texts.sender.at(row),
            texts.recipient.at(row),
            texts.subject.at(row),
            Number.isNaN(size.values[row]) ? "" : String(size.values[row]),
            texts.status.at(row),
            DIRECTIONS[direction.values[row]],
            texts.messageId.at(row),
            texts.traceId.at(row),
            texts.sourceIp.at(row),
            texts.destinationIp.at(row),
        ]);
    }
}

function eventOf(raw, target, domains) {
    const normalizer = new Normalizer({ target, organizationDomains: domains });
    const event = normalizer.normalize(raw);
    normalizer.free();
    return event;
}

/** A line of CSV that no spreadsheet takes for a formula. */
export function csvLine(cells) {
    const quoted = cells.map((cell) => `"${(FORMULA.test(cell) ? `'${cell}` : cell).replaceAll('"', '""')}"`);
    return `${quoted.join(",")}\r\n`;
}
