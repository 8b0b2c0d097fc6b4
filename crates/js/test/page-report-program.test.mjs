// A report that the native program wrote: it opens, and the program's numbers are those that the page computes.
//
// MESSAGE_TRACE_PROGRAM says where a program with the feature `engine` is; else the one that cargo's tests left is taken, and
// without one there is nothing to test.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { launch, open, pageFile } from "./browser.mjs";

const root = join(import.meta.dirname, "../../..");
const named = process.env.MESSAGE_TRACE_PROGRAM;
const program = resolve(root, named ?? join(process.env.CARGO_TARGET_DIR ?? "target", "debug/message-trace"));
const template = pageFile.replace("message-trace.html", "message-trace-report-template.html");
const hasReport = spawnSync(program, ["report", "--help"]).status === 0;
const skip = !hasReport && !named && "no program with the feature engine is built";

const HOSTILE = "</script><b>hostile";
const START = Date.UTC(2026, 0, 5);
// Three weeks: the rules learn, then one sender writes to seventy, and a look-alike comes in.
const messages = Array.from({ length: 1_500 }, (_, at) => ({
    time: START + at * 1_200e3, from: at % 4 ? `user${at % 7}@contoso.com` : `partner${at % 11}@example.org`,
    to: at % 3 ? `partner${at % 11}@example.org` : `user${at % 5}@contoso.com`, size: (at * 7_919) % 3_000_000, subject: at === 1_490 ? HOSTILE : `Subject ${at}`,
}));
for (let at = 0; at < 70; at += 1) messages.push({ time: START + 19 * 864e5 + 9 * 36e5 + at * 1e3, from: "user1@contoso.com", to: `somebody${at}@fabrikam.com`, size: 20_000, subject: "Offer" });
for (let at = 0; at < 3; at += 1) messages.push({ time: START + 18 * 864e5 + at * 1e6, from: "ceo@c0ntoso.com", to: "user2@contoso.com", size: 5_000, subject: "Urgent" });
const rows = messages.map(({ time, from, to, size, subject }, at) => ({
    id: `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`, senderAddress: from, recipientAddress: to, messageId: `<${at}@contoso.com>`,
    receivedDateTime: new Date(time).toISOString(), subject, size, fromIP: `203.0.113.${at % 13}`, toIP: "", status: ["delivered", "delivered", "failed", "delivered", "quarantined"][at % 5],
}));

let browser;
let folder;
before(async () => {
    if (skip) return;
    browser = await launch();
    folder = mkdtempSync(join(tmpdir(), "message-trace-report-"));
    writeFileSync(join(folder, "rows.ndjson"), rows.map((row) => JSON.stringify(row)).join("\n"));
    run("archive", "--organization-domain", "contoso.com", "--output", "archive", "rows.ndjson");
});
after(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true });
});

function run(...words) {
    const { status, stderr, error } = spawnSync(program, words, { cwd: folder, encoding: "utf8" });
    assert.equal(status, 0, stderr ?? String(error));
}

function written(name, ...more) {
    run("report", "--archive", "archive", "--template", template, "-o", name, ...more);
    return `file://${join(folder, name)}`;
}

/** The lines of parts of a view; those of equal counts may come in another order. */
async function said(page, view, parts) {
    await page.click(`#tab-${view}`);
    await page.locator(`#${view} .card`).first().waitFor();
    const texts = await page.locator(parts.map((part) => `#${view} ${part}`).join(", ")).allInnerTexts();
    return texts.join("\n").split("\n").filter(Boolean).sort();
}

test("it opens with its data, alerts and gaps, offline", { skip }, async () => {
    const { page, context, errors, requests } = await open(browser, written("whole.html"), { offline: true });
    await page.locator("#overview .chart").waitFor();
    assert.equal(await page.title(), "Mail of contoso.com, 5 to 25 January 2026");
    assert.equal(await page.locator("#count-messages").innerText(), "1,573");
    await page.fill("#search", `subject:"${HOSTILE}"`);
    await page.locator("#shown", { hasText: "1 of 1,573 messages" }).waitFor();
    await page.fill("#search", "");
    await page.locator("#shown", { hasText: /^1,573 messages/ }).waitFor();
    await page.click("#tab-detections");
    assert.match(await page.locator("#detections").innerText(), /user1@contoso\.com/);
    const fanOut = page.locator("#detections .alert", { hasText: "fan-out" });
    assert.match(await fanOut.innerText(), /7\d recipients[^]*50 recipients[^]*T1078/);
    // Its search finds what the rule counted, and it is opened in the hour of the rule.
    await fanOut.locator("button").click();
    await page.locator("#shown", { hasText: /^7\d of 1,573 messages/ }).waitFor();
    await page.click("#tab-quality");
    assert.match(await page.locator("#quality").innerText(), /messages of 21 days, from 2026-01-05 to 2026-01-25/);
    assert.deepEqual(errors, []);
    assert.deepEqual(requests.filter((url) => !url.startsWith("blob:") && !url.startsWith("file:")), []);
    await context.close();
});

test("the program's numbers are those that the page computes from all rows", { skip }, async () => {
    const whole = await open(browser, written("whole.html"));
    const cut = await open(browser, written("cut.html", "--rows", "200"));
    for (const { page } of [whole, cut]) await page.locator("#overview .tiles").waitFor();
    assert.match(await cut.page.locator("#report-head").innerText(), /1,573 messages, of which the newest 200 can be searched/);
    const all = [".card"];
    for (const [view, parts] of [["overview", [".tiles", "[aria-label=Status]", "[aria-label=Direction]"]], ["failures", all], ["lookalikes", all]]) {
        const [ours, theirs] = [await said(cut.page, view, parts), await said(whole.page, view, parts)];
        assert.ok(theirs.length > 3, `${view}: ${theirs}`);
        assert.deepEqual(ours, theirs, view);
    }
    // The program's lists are longer.
    const [ours, theirs] = [await said(cut.page, "lists", all), await said(whole.page, "lists", all)];
    assert.deepEqual(theirs.filter((line) => !ours.includes(line)), []);
    // What the overview shows of them is not.
    await cut.page.click("#tab-overview");
    assert.equal(await cut.page.locator("#overview [aria-label='Top recipients'] tbody tr").count(), 10);
    assert.deepEqual([...whole.errors, ...cut.errors], []);
    await whole.context.close();
    await cut.context.close();
});

test("without JavaScript its tables can be read", { skip }, async () => {
    const { page, context } = await open(browser, written("whole.html"), { javaScriptEnabled: false });
    const text = await page.locator("#report-tables").innerText();
    assert.match(text, /Mail of contoso\.com[^]*1,573 messages[^]*Very many different recipients[^]*c0ntoso\.com/);
    assert.equal(await page.locator("#welcome").isVisible(), false);
    await context.close();
});
