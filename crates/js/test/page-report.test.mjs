// The report: the page with data inside, without a connection and without a script.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { normalizeBatch } from "../../../dist/npm/node.js";
import { fillReport } from "../web/report.mjs";
import { launch, open, pageFile } from "./browser.mjs";

const template = readFileSync(pageFile.replace("message-trace.html", "message-trace-report-template.html"), "utf8");
const rows = Array.from({ length: 500 }, (_, at) => ({
    id: `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`, senderAddress: at % 5 ? "alice@contoso.com" : "bob@contosso.com",
    recipientAddress: `person${at % 40}@example.org`, messageId: `<${at}@contoso.com>`, receivedDateTime: new Date(1767225600000 + at * 600e3).toISOString(),
    subject: at === 7 ? "</script><b>hostile" : `Subject ${at}`, size: at * 100, fromIP: "203.0.113.50", toIP: "", status: at % 10 ? "delivered" : "failed",
}));
const events = Buffer.from(normalizeBatch(rows.map((row) => JSON.stringify(row)).join("\n"), { target: "ecs", organizationDomains: ["contoso.com"], keepOriginal: false }).events)
    .toString().trimEnd().split("\n").map((event) => JSON.parse(event));
const detection = { rule: { id: "burst", name: "Burst of sending" }, level: "high", time: 1767225600000, entity: "alice@contoso.com", observed: 400, threshold: 50, unit: "messages", reason: "Many in a short time.", query: "from:alice@contoso.com" };
const quality = { coverage: [{ from: 1767225600000, to: 1767312000000 }], gaps: [{ from: 1767312000000, to: 1767315600000, reason: "throttled" }], notes: ["A note."] };

let browser;
let folder;
before(async () => {
    browser = await launch();
    folder = mkdtempSync(join(tmpdir(), "message-trace-report-"));
});
after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
});

function written(more = {}) {
    const path = join(folder, "report.html");
    writeFileSync(path, fillReport(template, events, { title: "Mail of contoso.com & others", domains: ["contoso.com"], ...more }));
    return `file://${path}`;
}

test("the template has each mark once", () => {
    for (const mark of ["title", "tables", "data"]) assert.equal(template.split(`<!--report:${mark}-->`).length, 2, mark);
});

test("a report opens with its data, offline, from a disk", async () => {
    const { page, context, errors, requests } = await open(browser, written({ detections: [detection], quality }), { offline: true });
    await page.locator("#overview .chart").waitFor();
    assert.equal(await page.title(), "Mail of contoso.com & others");
    assert.equal(await page.locator("#count-messages").innerText(), "500");
    assert.equal(await page.locator("#report-tables").count(), 0);
    await page.click("#tab-detections");
    assert.match(await page.locator("#detections").innerText(), /Burst of sending[^]*400 messages[^]*50 messages/);
    await page.click("#detections .alert button");
    await page.locator("#shown", { hasText: "400 of 500 messages" }).waitFor();
    await page.click("#tab-quality");
    assert.match(await page.locator("#quality").innerText(), /throttled[^]*A note/);
    assert.deepEqual(errors, []);
    assert.deepEqual(requests.filter((url) => !url.startsWith("blob:") && !url.startsWith("file:")), []);
    await context.close();
});

test("without a filter the numbers are the summary's, with one the rows'", async () => {
    const summary = { messages: 1_000_000, bytes: 5e9, senders: 20_000, recipients: 30_000, from: 1767225600000, to: 1769817600000, statuses: [{ name: "delivered", count: 1_000_000 }], directions: [], topSenders: [{ name: "alice@contoso.com", count: 12_345, bytes: 1 }], topRecipients: [] };
    const { page, context, errors } = await open(browser, written({ summary }));
    await page.locator("#overview .tiles").waitFor();
    assert.match(await page.locator("#overview .tiles").innerText(), /1,000,000/);
    assert.match(await page.locator("#scope").innerText(), /over all 1,000,000 messages/);
    await page.fill("#search", "from:bob@contosso.com");
    await page.locator("#shown", { hasText: "100 of 500 messages" }).waitFor();
    await page.locator("#overview .tiles", { hasText: "100" }).waitFor();
    assert.doesNotMatch(await page.locator("#overview .tiles").innerText(), /1,000,000/);
    assert.deepEqual(errors, []);
    await context.close();
});

test("without JavaScript its tables can be read, and nothing else is in the way", async () => {
    const { page, context } = await open(browser, written(), { javaScriptEnabled: false });
    assert.match(await page.locator("#report-tables").innerText(), /Mail of contoso\.com & others[^]*alice@contoso\.com\s+400/);
    assert.equal(await page.locator("#welcome").isVisible(), false);
    await context.close();
});
