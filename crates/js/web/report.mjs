// Fills the report's template from ECS events, one a line: node web/report.mjs TEMPLATE < events.ndjson > report.html
// The shortest complete example of REPORT.md; it makes no summary, so that all rows must fit.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const DIRECTIONS = ["", "inbound", "outbound", "internal", "external"];
const MAX_ROWS = 200_000;

/** The report as HTML. `more` adds members to the payload: `detections`, `quality`, `summary`. */
export function fillReport(template, events, { title, domains = [], made = Date.now(), ...more }) {
    const latest = new Map(events.map((event, at) => [event.event.id ?? at, event]));
    const rows = [...latest.values()].sort((one, other) => Date.parse(one["@timestamp"]) - Date.parse(other["@timestamp"])).slice(-MAX_ROWS);
    const times = rows.map((event) => Date.parse(event["@timestamp"]));
    const texts = (read) => coded(rows.map((event) => read(event, event.email ?? {}, event.m365?.message_trace ?? {}) ?? ""));
    const columns = {
        time: times.map((time, at) => (at === 0 ? time : time - times[at - 1])),
        size: rows.map(({ m365 }) => m365?.message_trace?.size ?? -1),
        direction: rows.map(({ email }) => Math.max(0, DIRECTIONS.indexOf(email?.direction ?? ""))),
        sender: texts((_, email, trace) => email.from?.address[0] ?? (trace.is_bounce ? "<>" : "")),
        recipient: texts((_, email) => email.to?.address[0]),
        status: texts(({ event }) => event.action),
        subject: texts((_, email) => email.subject),
        source_ip: texts(({ source }) => source?.ip),
        destination_ip: texts(({ destination }) => destination?.ip),
        message_id: texts((_, email) => email.message_id),
        trace_id: texts((_, email) => email.local_id),
    };
    const selection = rows.length === latest.size ? "all" : `the newest ${MAX_ROWS}`;
    const payload = { version: 1, title, made, domains, rows: { count: rows.length, selection, columns }, ...more };
    const data = JSON.stringify({ encoding: "gzip+base64", data: gzipSync(JSON.stringify(payload), { level: 9 }).toString("base64") });
    const marks = { title: escaped(title), tables: tables(title, rows), data };
    return Object.entries(marks).reduce((page, [mark, text]) => page.replace(`<!--report:${mark}-->`, () => text), template);
}

/** Each distinct text once, each row the index of its text. */
function coded(values) {
    const numbers = new Map([["", 0]]);
    const rows = values.map((value) => {
        if (!numbers.has(value)) numbers.set(value, numbers.size);
        return numbers.get(value);
    });
    return { texts: [...numbers.keys()], rows };
}

function tables(title, rows) {
    const counts = new Map();
    for (const { email } of rows) for (const name of email?.from?.address ?? []) counts.set(name, (counts.get(name) ?? 0) + 1);
    const lines = [...counts].sort(([, one], [, other]) => other - one).slice(0, 25)
        .map(([name, count]) => `<tr><th scope="row">${escaped(name)}</th><td class="number">${count}</td></tr>`);
    return `<h1>${escaped(title)}</h1><p>${rows.length} messages. Times are in UTC.</p><section><h2>Top senders</h2><table class="plain"><thead><tr><th>Sender</th><th class="number">Messages</th></tr></thead><tbody>${lines.join("")}</tbody></table></section>`;
}

function escaped(text) {
    return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

if (process.argv[1] === import.meta.filename) {
    const events = readFileSync(0, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
    process.stdout.write(fillReport(readFileSync(process.argv[2], "utf8"), events, { title: "Message trace" }));
}
