// Parts of the page that need no browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { normalizeBatch } from "../../../dist/npm/node.js";
import { asUtf8, encodingOf } from "../web/worker/bytes.js";
import { iso, provenOrder } from "../web/worker/dates.js";
import { pages, startsPage } from "../web/worker/pages.js";
import { size } from "../web/app/format.js";
import { detectTable, reportingLines } from "../web/worker/tables.js";
import { batches } from "./fixtures.mjs";

const bytes = (text) => new TextEncoder().encode(text);
const rowsOf = (text) => Array.from(pages(bytes(text)), ({ start, end, line }) => [text.slice(start, end), line]);

test("dates: day or month beyond twelve tells the order, dots are day-first", () => {
    for (const [text, expected] of [
        ["13/06/2026 10:30:00", "2026-06-13T10:30:00Z"],
        ["6/13/2026 1:05:09 PM", "2026-06-13T13:05:09Z"],
        ["5/5/2026 12:00:00 AM", "2026-05-05T00:00:00Z"],
        ["12/31/2026 12:00 pm", "2026-12-31T12:00:00Z"],
        ["1/20/2026 1:02:03\u202fPM", "2026-01-20T13:02:03Z"],
        ["05.06.2026 10:30:00", "2026-06-05T10:30:00Z"],
        ["31-12-2026 1:02", "2026-12-31T01:02:00Z"],
        ["13/06/2026", "2026-06-13T00:00:00Z"],
        ["13/06/2026 10:30:00.5", "2026-06-13T10:30:00.500Z"],
        ["29/02/2024 00:00:00", "2024-02-29T00:00:00Z"],
    ]) {
        assert.equal(iso(text), expected, text);
    }
});

test("dates: what is no date stays as it is", () => {
    for (const text of [
        "2026-01-20T12:34:56.789Z", "2026-01-20 12:34:56", "yesterday", "", "13/13/2026 00:00:00", "31/04/2026 10:00:00",
        "29/02/2025 00:00:00", "13/06/2026 25:00:00", "13/06/2026 13:00:00 PM", "13/06.2026 10:00:00", "13/06/26 10:00:00",
    ]) {
        assert.equal(iso(text), text);
        assert.equal(iso(text, "dmy"), text);
    }
});

test("dates: an open date is nobody's guess", () => {
    assert.equal(iso("05/06/2026 10:30:00"), undefined);
    assert.equal(iso("05/06/2026 10:30:00", "dmy"), "2026-06-05T10:30:00Z");
    assert.equal(iso("05/06/2026 10:30:00", "mdy"), "2026-05-06T10:30:00Z");
    assert.deepEqual(["13/06/2026", "06/13/2026", "05/06/2026", "13.06.2026", "x"].map(provenOrder), ["dmy", "mdy", undefined, undefined, undefined]);
});

test("pages: rows are their own bytes, on the line they begin on", () => {
    assert.deepEqual(rowsOf('{"value":[{"a":"]}\\""},\n {"b":[{}]}],"x":1}\n[{"c":1}]'), [['{"a":"]}\\""}', 1], ['{"b":[{}]}', 2], ['{"c":1}', 3]]);
    assert.deepEqual(rowsOf('{"d":{"__count":"1","results":[{"a":1}]}} {"d":[{"b":2}]} {"value":[]} []'), [['{"a":1}', 1], ['{"b":2}', 1]]);
    assert.deepEqual(rowsOf('{\n"receivedDateTime":null,"value":[1]\n}'), [['{\n"receivedDateTime":null,"value":[1]\n}', 1]]);
    assert.deepEqual(rowsOf('[1,"x",{}'), [["1", 1], ['"x"', 1], ["{}", 1]]);
    assert.deepEqual(rowsOf("no json\n{}"), [["no json", 1], ["{}", 2]]);
});

test("pages: damaged text ends, and nothing of it is lost", () => {
    const whole = '{"@odata.context":"x","value":[{"a":"é\\"]"},{"b":[1,{}]}],"d":{"results":[{"c":1}]}}';
    for (let end = 0; end <= whole.length; end += 1) {
        for (const text of [whole.slice(0, end), whole.slice(end), `${whole.slice(0, end)}]}${whole.slice(end)}`]) {
            const encoded = bytes(text);
            let last = 0;
            for (const { start, end: behind } of pages(encoded)) {
                assert.ok(start >= last && behind > start && behind <= encoded.length, text);
                last = behind;
            }
        }
    }
});

test("pages: envelopes of the fixtures hold the rows that the normalizer finds", () => {
    let compared = 0;
    for (const { name, input } of batches) {
        for (const line of input.toString("utf8").split("\n")) {
            if (!startsPage(bytes(line)) || !isJson(line)) continue;
            compared += 1;
            const { count, rejections } = normalizeBatch(line);
            assert.equal(rowsOf(line).length, count + rejections.length, `${name}: ${line}`);
        }
    }
    assert.ok(compared > 2, `${compared} envelopes`);
});

test("tables: told by a header with a time and a recipient", () => {
    const detect = (text) => detectTable(bytes(text));
    assert.deepEqual(detect('"Received","SenderAddress","RecipientAddress"\r\n'), { delimiter: ",", hasTypeLine: false });
    assert.deepEqual(detect("#TYPE x\nreceived\trecipientaddress\n"), { delimiter: "\t", hasTypeLine: true });
    assert.deepEqual(detect("date_time_utc;recipient_status\n"), { delimiter: ";", hasTypeLine: false });
    assert.equal(detect("Received,Subject\n"), undefined);
    assert.equal(detect(""), undefined);
});

test("tables: the extended report's events become statuses, client_ip only where there is no better", () => {
    const columns = ["received", "clientIp", "eventId", "recipient", "recipientStatus", "fromIp"];
    const row = (...cells) => reportingLines(columns, cells).map((line) => JSON.parse(line));
    const [one, two] = row("2026-01-20T00:00:00Z", "192.0.2.1", "DELIVER", "a@example.com; b@example.com", "250 2.1.5 OK", "");
    assert.deepEqual([one.RecipientAddress, one.Status, one.FromIP], ["a@example.com", "Delivered", "192.0.2.1"]);
    assert.deepEqual([two.RecipientAddress, two.Status], ["b@example.com", "Delivered"]);
    assert.equal(row("x", "192.0.2.1", "NOTIFYMAPI", "a@example.com", "", "192.0.2.2")[0].FromIP, "192.0.2.2");
    assert.equal(row("x", "", "NOTIFYMAPI", "a@example.com", "", "")[0].Status, "NOTIFYMAPI");
    assert.deepEqual(row("x", "", "", "", "a@example.com##Receive;b@example.com##Receive, ", "").map(({ Status }) => Status), ["GettingStatus", "GettingStatus"]);
});

test("encodings: by mark, or by the zeros of UTF-16", () => {
    const utf16 = (text) => new Uint8Array(Buffer.from(text, "utf16le"));
    assert.equal(encodingOf(utf16("ab")), "utf-16le");
    assert.equal(encodingOf(utf16("\ufeffä")), "utf-16le");
    assert.equal(encodingOf(bytes("ä")), "utf-8");
    assert.equal(encodingOf([]), "utf-8");
    assert.equal(new TextDecoder().decode(asUtf8(utf16("\ufeffGrüße"))), "Grüße");
    assert.equal(new TextDecoder().decode(asUtf8(bytes("\ufeffGrüße"))), "Grüße");
});

function isJson(text) {
    try {
        JSON.parse(text);
        return true;
    } catch {
        return false;
    }
}

test("sizes: three digits that count, never a thousand of a unit", () => {
    const shown = [0, 999, 1000, 999_499, 999_999, 1_000_000, 1.5e15, 2 ** 60].map((bytes) => size(bytes));
    assert.deepEqual(shown, ["0 B", "999 B", "1.00 kB", "999 kB", "1.00 MB", "1.00 MB", "1.50 PB", "1.15 EB"]);
    assert.equal(size(NaN), "");
});
