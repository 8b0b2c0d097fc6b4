// CSV reports of the cmdlets and of the admin center: each row becomes `reporting` lines, by the rules and the columns of
// the command-line program.

import Papa from "papaparse";
import { iso, provenOrder } from "./dates.js";

// The first name of each is the cmdlets', then the enhanced summary's, then the extended report's.
const COLUMNS = {
    received: "received", origin_timestamp: "received", origin_timestamp_utc: "received", date_time_utc: "received",
    senderaddress: "sender", sender_address: "sender",
    recipientaddress: "recipient", recipient_address: "recipient",
    recipient_status: "recipientStatus",
    subject: "subject", message_subject: "subject",
    status: "status",
    event_id: "eventId",
    fromip: "fromIp", original_client_ip: "fromIp", client_ip: "clientIp",
    toip: "toIp", server_ip: "toIp",
    size: "size", total_bytes: "size",
    messageid: "messageId", message_id: "messageId",
    messagetraceid: "traceId", network_message_id: "traceId",
    organization: "organization",
};
// Columns of the admin center's reports that are kept as they are, under their own names, which are matched exactly.
const KEPT = ["custom_data", "original_client_ip", "directionality", "connector_id", "delivery_priority"];
// What happened to a message, as the reports say it, and the status of a trace record that means the same.
const STATUSES = {
    deliver: "Delivered", send: "Delivered", sendexternal: "Delivered",
    fail: "Failed", drop: "Failed",
    expand: "Expanded", resolve: "Resolved", quarantine: "Quarantined", defer: "Pending",
    receive: "GettingStatus", submit: "GettingStatus",
};
const BATCH_CHARACTERS = 256 * 1024;
// What looks like a longer row is a quote that was never closed, and no row after it can be told from text.
const MAX_ROW_CHARACTERS = 1024 * 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The layout of a report, told by a header with a time and a recipient among its columns; else `undefined`. */
export function detectTable(bytes) {
    const lines = decoder.decode(bytes).split("\n", 2);
    const hasTypeLine = lines[0].startsWith("#TYPE");
    const header = lines[hasTypeLine ? 1 : 0] ?? "";
    const delimiter = [",", ";", "\t"].find((candidate) => {
        const columns = new Set(header.split(candidate).map((name) => columnOf(name.trim().replace(/^"|"$/g, ""))));
        return columns.has("received") && (columns.has("recipient") || columns.has("recipientStatus"));
    });
    return delimiter && { delimiter, hasTypeLine };
}

/** Reads a report. Asks for the order of day and month if a date leaves it open. */
export async function readTable(bytes, { delimiter, hasTypeLine }, sink, ask) {
    const text = decoder.decode(bytes).trimStart();
    const body = hasTypeLine ? text.slice(text.indexOf("\n") + 1) : text;
    const { rows, isOpen } = rowsOf(body, delimiter, hasTypeLine ? 2 : 1);
    const names = (rows.shift()?.cells ?? []).map((name) => name.trim());
    const columns = names.map(columnOf);
    const kept = KEPT.map((name) => [name, names.indexOf(name)]);
    const order = await orderOf(rows, columns, ask);

    let pending = [];
    let lines = [];
    let length = 0;
    const flush = () => {
        if (lines.length > 0) sink.lines(encoder.encode(pending.join("\n")), (index) => lines[index - 1]);
        [pending, lines, length] = [[], [], 0];
    };
    for (const { cells, line } of rows) {
        for (const row of reportingLines(columns, cells, order, kept)) {
            pending.push(row);
            lines.push(line);
            length += row.length;
        }
        if (length > BATCH_CHARACTERS) flush();
    }
    flush();
    if (isOpen) throw new Error(`A row is longer than ${MAX_ROW_CHARACTERS} characters: is a quote left open? The rows before it were read.`);
}

/** The `reporting` lines of a row, one for each recipient, as JSON. */
export function reportingLines(columns, cells, order, kept = []) {
    // The first value under a column that is not empty.
    const value = (wanted) => {
        for (let at = 0; at < cells.length; at += 1) {
            if (columns[at] !== wanted) continue;
            const text = cells[at].trim();
            if (text) return text;
        }
        return null;
    };
    const received = value("received");
    const size = value("size");
    return recipients(value).map(([recipient, status]) =>
        JSON.stringify({
            Organization: value("organization") ?? undefined,
            MessageId: value("messageId"),
            Received: received === null ? null : iso(received, order),
            SenderAddress: value("sender"),
            RecipientAddress: recipient,
            Subject: value("subject"),
            Status: status,
            ToIP: value("toIp"),
            FromIP: value("fromIp") ?? value("clientIp"),
            // As it is if it is no number, so that the event names it as unusable.
            Size: size !== null && /^\d{1,15}$/.test(size) ? Number(size) : size,
            MessageTraceId: value("traceId"),
            ...Object.fromEntries(kept.map(([name, at]) => [name, cells[at]?.trim() || undefined])),
        }),
    );
}

/** The row's recipients, each with its status; one without an address if the row has none. */
function recipients(value) {
    const event = value("eventId");
    const ofRow = event === null ? value("status") : statusOf(event);
    // The extended report has both columns: there the addresses are in one, and the other is a server's answer.
    const addresses = value("recipient");
    if (addresses !== null) return parts(addresses).map((address) => [address, ofRow]);
    const withStatus = value("recipientStatus");
    if (withStatus === null) return [[null, ofRow]];
    return parts(withStatus).map((part) => {
        const at = part.indexOf("##");
        if (at < 0) return [part, value("status")];
        const last = part.slice(at + 2).split(",").map((word) => word.trim()).findLast(Boolean);
        return [part.slice(0, at).trim(), last === undefined ? null : statusOf(last)];
    });
}

function parts(list) {
    return list.split(";").map((part) => part.trim()).filter(Boolean);
}

/** The status that an event's word stands for; a word that is not known stays as it is. */
function statusOf(event) {
    const word = event.trim();
    return Object.hasOwn(STATUSES, word.toLowerCase()) ? STATUSES[word.toLowerCase()] : word;
}

function columnOf(name) {
    const lower = name.toLowerCase();
    return Object.hasOwn(COLUMNS, lower) ? COLUMNS[lower] : undefined;
}

/** All rows with the number of the line that each begins on, and whether a quote was left open. */
function rowsOf(text, delimiter, first) {
    const rows = [];
    let line = first;
    let counted = 0;
    let isOpen = false;
    Papa.parse(text, {
        delimiter,
        step({ data, meta }, parser) {
            isOpen = meta.cursor - counted > MAX_ROW_CHARACTERS;
            if (isOpen) return parser.abort();
            // A blank line is no row; a row of empty cells is one, and is refused.
            if (data.length > 1 || data[0] !== "") rows.push({ cells: data, line });
            for (let at = text.indexOf("\n", counted); at >= 0 && at < meta.cursor; at = text.indexOf("\n", at + 1)) line += 1;
            counted = meta.cursor;
        },
    });
    return { rows, isOpen };
}

/** The order of day and month: none is needed, or the person says it. Nothing is guessed; a proof is only shown. */
async function orderOf(rows, columns, ask) {
    const at = columns.indexOf("received");
    const dates = rows.map(({ cells }) => cells[at] ?? "");
    const open = dates.find((date) => iso(date) === undefined);
    if (open === undefined) return undefined;
    const proof = dates.find((date) => provenOrder(date) !== undefined);
    const order = await ask({
        date: open.trim(),
        dmy: iso(open, "dmy"),
        mdy: iso(open, "mdy"),
        proof: proof && { date: proof.trim(), order: provenOrder(proof) },
    });
    if (order === undefined) throw new Error("Not read, as it was not said whether its dates have the day or the month first.");
    return order;
}
