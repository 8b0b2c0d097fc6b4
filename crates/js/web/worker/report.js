// The data of a report, from the page into the store; what they are is in REPORT.md.

import { barAt, barsOf } from "../common/zone.js";
import { TOP } from "./overview.js";
import { DIRECTIONS } from "./store.js";

const VERSION = 1;
// Columns of texts, as the payload names them.
const COLUMNS = {
    sender: "sender", recipient: "recipient", subject: "subject", status: "status", source_ip: "sourceIp",
    destination_ip: "destinationIp", message_id: "messageId", trace_id: "traceId", cause: "cause",
};

/** The payload out of the page's block. */
export async function unpackReport({ encoding, data }) {
    if (encoding !== "gzip+base64") throw new Error(`The report's data are packed as “${encoding}”, which this page does not know.`);
    const bytes = bytesOf(data);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const payload = await new Response(stream).json().catch(() => {
        throw new Error("The report's data are damaged.");
    });
    if (payload.version !== VERSION) throw new Error(`The report is of version ${payload.version}; this page reads version ${VERSION}.`);
    return payload;
}

function bytesOf(base64) {
    // Newer browsers have a call of their own.
    if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(base64);
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
    return bytes;
}

/** Puts the rows of a report into an empty store. */
export function fillStore(store, { count, columns }) {
    store.resetColumns();
    let received = 0;
    for (let row = 0; row < count; row += 1) {
        received += columns.time[row];
        store.received.push(received);
        store.size.push(columns.size[row] < 0 ? NaN : columns.size[row]);
        store.direction.push(columns.direction[row] < DIRECTIONS.length ? columns.direction[row] : 0);
        store.duplicate.push(0);
    }
    for (const [name, ours] of Object.entries(COLUMNS)) {
        const column = columns[name];
        const texts = store.texts[ours];
        if (!column) texts.fill([""], new Uint32Array(count));
        else if (column.rows) texts.fill(column.texts[0] === "" ? column.texts : ["", ...column.texts], rowsOf(column));
        else for (let row = 0; row < count; row += 1) texts.push(column.texts[row]);
    }
}

function rowsOf({ texts, rows }) {
    return texts[0] === "" ? Uint32Array.from(rows) : Uint32Array.from(rows, (number) => number + 1);
}

/** A report's summary, as the overview shows it: the same numbers that it computes from rows. */
export function overviewOf(summary, { stack, most, zone }) {
    const { flow } = summary;
    const ofStack = flow?.[stack];
    return {
        ...summary,
        sized: summary.bytes > 0 ? summary.messages : 0,
        statuses: summary.statuses ?? [],
        directions: summary.directions ?? [],
        // The summary's lists are as long as those of the view of lists.
        topSenders: (summary.topSenders ?? []).slice(0, TOP),
        topRecipients: (summary.topRecipients ?? []).slice(0, TOP),
        largest: (summary.largest ?? []).slice(0, TOP).map(asShown),
        flow: ofStack && { stack, ...joined(ofStack, flow, barsOf(summary.from, summary.to, most, zone)) },
        isSummary: true,
    };
}

/** The summary's lists; its largest messages by direction, as the page shows them. */
export function listsOf(summary) {
    const largest = Map.groupBy(summary.largest ?? [], ({ direction }) => direction ?? "");
    return { ...summary, largest: [...largest].map(([name, rows]) => ({ name, rows: rows.map(asShown) })), isSummary: true };
}

function asShown({ time, ...row }) {
    return { ...row, received: time };
}

/** Bars of the summary, joined to those that there is room for; none is cut in two. */
function joined({ names, bars }, { start, step }, wanted) {
    if (wanted.step <= step) {
        return { names, step, edges: Array.from({ length: bars.length + 1 }, (_, at) => start + at * step), bars };
    }
    const sums = Array.from({ length: wanted.edges.length - 1 }, () => new Array(names.length).fill(0));
    bars.forEach((bar, at) => {
        const place = Math.max(0, barAt(wanted, start + at * step));
        bar.forEach((count, name) => (sums[place][name] += count));
    });
    return { names, step: wanted.step, edges: wanted.edges, bars: sums };
}
