// From a file to rows: unpacks it, tells what it holds, and hands its rows to a sink.
//
// A sink takes `lines(bytes, first)`, whole lines of which the first has that number, and `row(bytes, line)`.

import { asUtf8, encodingOf, isSpace, join, lineFeeds, LINE_FEED } from "./bytes.js";
import { pages, startsPage } from "./pages.js";
import { refuseBinary } from "./binary.js";
import { detectTable, readTable } from "./tables.js";

const PEEK_BYTES = 64 * 1024;
// Lines go on in batches of about this size.
const BATCH_BYTES = 256 * 1024;
const GZIP = [0x1f, 0x8b];

/** Reads a file to its end. Throws an error with a sentence for the reader if it cannot be read. */
export async function readFile(file, sink, { ask, progress }) {
    const reader = (await unpacked(file, progress)).getReader();
    let first = new Uint8Array();
    let isEnd = false;
    const read = async () => {
        const { done, value } = await reader.read().catch(() => {
            throw new Error("The file cannot be read: it is damaged, or it was moved or changed meanwhile.");
        });
        isEnd = done;
        return value ?? new Uint8Array();
    };
    while (first.length < PEEK_BYTES && !isEnd) first = join([first, await read()]);
    refuseBinary(first);

    const kind = kindOf(asUtf8(first));
    if (kind === "lines" && encodingOf(first) === "utf-8") {
        await readLines(asUtf8(first), read, () => isEnd, sink);
        return;
    }
    const parts = [first];
    while (!isEnd) parts.push(await read());
    const bytes = asUtf8(join(parts));
    if (kind === "lines") sinkLines(bytes, 1, sink);
    else if (kind === "pages") for (const { start, end, line } of pages(bytes)) sink.row(bytes.subarray(start, end), line);
    else await readTable(bytes, kind, sink, (question) => ask({ ...question, file: file.name }));
}

/** The file's bytes, out of gzip if they are in it, with the share that is read already told on the way. */
async function unpacked(file, progress) {
    const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    let done = 0;
    const counted = file.stream().pipeThrough(
        new TransformStream({
            transform(chunk, controller) {
                done += chunk.length;
                progress(file.size > 0 ? done / file.size : 1);
                controller.enqueue(chunk);
            },
        }),
    );
    const isGzip = start[0] === GZIP[0] && start[1] === GZIP[1];
    return isGzip ? counted.pipeThrough(new DecompressionStream("gzip")) : counted;
}

/** `lines`, `pages`, or the layout of a table. */
function kindOf(bytes) {
    let at = 0;
    while (at < bytes.length && isSpace(bytes[at])) at += 1;
    const text = bytes.subarray(at);
    if (text[0] === 0x5b) return "pages";
    if (text[0] !== 0x7b) return detectTable(text) ?? "lines";
    // A pretty printer breaks the line behind the bracket; a line never does.
    let next = 1;
    while (next < text.length && isSpace(text[next]) && text[next] !== LINE_FEED) next += 1;
    return text[next] === LINE_FEED || startsPage(text) ? "pages" : "lines";
}

async function readLines(first, read, isEnd, sink) {
    let line = 1;
    let rest = [first];
    let length = first.length;
    for (;;) {
        while (length < BATCH_BYTES && !isEnd()) {
            const chunk = await read();
            rest.push(chunk);
            length += chunk.length;
        }
        const bytes = join(rest);
        const end = isEnd() ? bytes.length : bytes.lastIndexOf(LINE_FEED) + 1;
        sinkLines(bytes.subarray(0, end), line, sink);
        if (isEnd()) return;
        line += lineFeeds(bytes, 0, end);
        rest = [bytes.slice(end)];
        length = rest[0].length;
        // A line longer than a batch: read on until it ends.
        if (end === 0) {
            const chunk = await read();
            rest.push(chunk);
            length += chunk.length;
        }
    }
}

/** Hands lines on in batches. */
function sinkLines(bytes, first, sink) {
    let line = first;
    for (let start = 0, end; start < bytes.length; start = end) {
        const wanted = start + BATCH_BYTES;
        const before = wanted < bytes.length ? bytes.lastIndexOf(LINE_FEED, wanted) + 1 : bytes.length;
        const after = before > start ? before : bytes.indexOf(LINE_FEED, wanted) + 1;
        end = after > start ? after : bytes.length;
        sink.lines(bytes.subarray(start, end), line);
        line += lineFeeds(bytes, start, end);
    }
}
