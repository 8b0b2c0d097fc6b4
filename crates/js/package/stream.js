// Streams of bytes: lines in, events out.

import { asBytes, joined } from "./bytes.js";
import { Normalizer } from "./normalizer.js";

const LINE_FEED = 10;
const DEFAULT_MAX_PENDING_BYTES = 256 * 1024 * 1024;

/**
 * A `TransformStream` from chunks of lines, bytes or text, cut anywhere, to chunks of events, each with a line feed.
 * Lines that are refused go to `onRejection` and nowhere else; their numbers count from the start of the stream.
 */
export class NormalizeStream extends TransformStream {
    constructor({ onRejection, maxPendingBytes = DEFAULT_MAX_PENDING_BYTES, ...options } = {}) {
        const normalizer = new Normalizer(options);
        const bytesOf = bytesOfChunks();
        const pending = [];
        let pendingBytes = 0;
        let line = 0;

        const run = (controller) => {
            const bytes = joined(pending);
            const { events, count, rejections } = normalizer.normalizeBatch(bytes);
            for (const rejection of rejections) onRejection?.({ ...rejection, line: rejection.line + line });
            for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) line += 1;
            if (count > 0) controller.enqueue(events);
            pending.length = 0;
            pendingBytes = 0;
        };
        const keep = (bytes) => {
            if (bytes.length === 0) return;
            pending.push(bytes);
            pendingBytes += bytes.length;
            if (pendingBytes > maxPendingBytes) {
                throw new RangeError(`message-trace: no line feed within ${maxPendingBytes} bytes`);
            }
        };

        super({
            transform(chunk, controller) {
                const bytes = bytesOf(chunk);
                const end = bytes.lastIndexOf(LINE_FEED) + 1;
                if (end > 0) {
                    pending.push(bytes.subarray(0, end));
                    run(controller);
                }
                // A copy: the start of a line would keep all of its chunk in memory.
                keep(end > 0 ? bytes.slice(end) : bytes);
            },
            flush(controller) {
                const rest = bytesOf("", true);
                if (rest.length > 0) pending.push(rest);
                if (pending.length > 0) run(controller);
                normalizer.free();
            },
        });
    }
}

/** Bytes of chunks of text or bytes. A character that is cut in two waits for its other half. */
function bytesOfChunks() {
    const encoder = new TextEncoder();
    let half = "";
    return (chunk, isEnd = false) => {
        if (typeof chunk !== "string") return asBytes(chunk);
        const text = half + chunk;
        half = !isEnd && /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : "";
        return encoder.encode(half ? text.slice(0, -1) : text);
    };
}
