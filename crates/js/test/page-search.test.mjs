// What an analyst does on the page: searches, spans of time, duplicates, suggestions; each was a fault before.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { lookalike, startLookalikes } from "../web/worker/lookalike.js";
import { meaningOf } from "../web/worker/search.js";
import { termsOf, withTerm } from "../web/common/terms.js";
import { drop, launch, open, serve } from "./browser.mjs";
import * as samples from "./samples.mjs";

const START = Date.UTC(2026, 0, 5);
const row = (at, more) => JSON.stringify({
    id: `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`, senderAddress: "alice@contoso.com", recipientAddress: `person${at % 300}@example.org`,
    receivedDateTime: new Date(START + at * 60e3).toISOString(), subject: "Hello", size: 10, fromIP: "203.0.113.5", toIP: "", status: "delivered", messageId: `<${at}@contoso.com>`, ...more,
});
// A week of mail; the account mallory sends 1,000 in half an hour; alice is named in subjects of others too.
const mail = [
    ...Array.from({ length: 3000 }, (_, at) => row(at, { receivedDateTime: new Date(START + at * 200e3).toISOString(), ...(at % 3 && { senderAddress: `user${at % 20}@contoso.com`, fromIP: "203.0.113.50" }), ...(at % 7 === 0 && { subject: "For alice@contoso.com" }) })),
    ...Array.from({ length: 1000 }, (_, at) => row(10_000 + at, { senderAddress: "mallory@contoso.com", receivedDateTime: new Date(START + 3 * 86_400e3 + at * 1790).toISOString() })),
    ...Array.from({ length: 700 }, (_, at) => row(20_000 + at, { senderAddress: "pay@contosso.com", recipientAddress: "alice@contoso.com", receivedDateTime: new Date(START + at * 800e3).toISOString() })),
].join("\n");

let browser;
let server;
before(async () => {
    browser = await launch();
    server = await serve();
});
after(async () => {
    await browser.close();
    server.close();
});

async function withFiles(files) {
    const opened = await open(browser, server.url);
    await drop(opened.page, files);
    await opened.page.locator("#overview .chart").waitFor();
    return opened;
}

test("a look-alike is not offered as one's own domain", async () => {
    const { page, context } = await withFiles({ "mail.ndjson": mail });
    const offered = await page.locator("#suggestions button").allInnerTexts();
    assert.ok(offered.includes("contoso.com") && !offered.includes("contosso.com"), offered.join());
    assert.match(await page.locator("#suggestions").innerText(), /Not offered: contosso\.com \(looks like contoso\.com\)/);
    await context.close();
});

test("the number beside a top sender is the number of messages that its click finds", async () => {
    const { page, context } = await withFiles({ "mail.ndjson": mail });
    const first = page.locator("section[aria-label='Top senders'] tbody tr", { hasText: "alice@contoso.com" });
    const said = await first.locator("td").first().innerText();
    await first.locator("td button").click();
    await page.locator("#shown", { hasText: `${said} of 4,700 messages` }).waitFor();
    await context.close();
});

test("1,000 mails in half an hour are the first thing worth a look, and a click shows just them", async () => {
    const { page, context } = await withFiles({ "mail.ndjson": mail });
    const finding = page.locator(".finding button", { hasText: "mallory@contoso.com sent 1,000 messages in 30 minutes" });
    await finding.click();
    await page.locator("#shown", { hasText: "1,000 of 4,700 messages" }).waitFor();
    // The address keeps it: a copy of the page that reads the same file shows the same.
    const again = await open(browser, page.url());
    await drop(again.page, { "mail.ndjson": mail });
    await again.page.locator("#shown", { hasText: "1,000 of 4,700 messages" }).waitFor();
    await again.context.close();
    await page.click("#tab-overview");
    assert.ok((await page.locator("#overview .column").count()) > 20, "half an hour is drawn in minutes");
    await page.click("#chips button >> text=2026");
    await page.click("#chips button >> text=mallory");
    await page.locator("#shown", { hasText: /^4,700 messages/ }).waitFor();
    await context.close();
});

test("a span is drawn over the bars", async () => {
    const { page, context } = await withFiles({ "mail.ndjson": mail });
    await page.locator("#overview svg.chart").scrollIntoViewIfNeeded();
    const box = await page.locator("#overview svg.chart").boundingBox();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 80);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 80, { steps: 4 });
    await page.mouse.up();
    await page.locator("#shown", { hasText: " of 4,700 messages" }).waitFor();
    assert.match(page.url(), /from=2026-.*to=2026-/);
    await context.close();
});

test("an address or an IP is found as a whole", () => {
    const finds = (search, text) => meaningOf(termsOf(search)[0]).test(text);
    for (const search of ["203.0.113.5", "ip:203.0.113.5"]) {
        assert.equal(finds(search, "203.0.113.5"), true);
        assert.equal(finds(search, "203.0.113.50"), false, search);
    }
    assert.equal(finds("ip:203.0.113.0/24", "203.0.113.50"), true);
    assert.equal(finds("ip:2001:db8::1", "2001:db8:0:0:0:0:0:1"), true);
    assert.equal(finds("alice@contoso.com", "alice@contoso.com.example.net"), false);
    assert.equal(finds("alice@contoso.com", "malice@contoso.com"), false);
    assert.equal(finds("from:alice@contoso.com", "alice@contoso.com"), true);
    assert.equal(finds("domain:contoso.com", "a@mail.contoso.com"), false);
    assert.deepEqual(termsOf('subject:"year end" -status:failed from:').map(({ key, value, isNot }) => [key, value, isNot]), [["subject", "year end", false], ["status", "failed", true]]);
    assert.equal(withTerm("hello status:failed", "status", ""), "hello");
});

test("the same rows in four files count once; a file can be taken away alone", async () => {
    const { page, context } = await withFiles({ "a.ndjson": samples.ndjson, "b.ndjson": samples.ndjson, "c.ndjson": samples.ndjson, "d.ndjson": samples.ndjson });
    assert.equal(await page.locator("#count-messages").innerText(), "3");
    assert.match(await page.locator("#files").innerText(), /3 duplicates/);
    await page.click("#files li:first-child button");
    await page.locator("#files li:nth-child(4)").waitFor({ state: "detached" });
    assert.match(await page.locator("#files li:first-child").innerText(), /b\.ndjson\s+3 messages/);
    assert.equal(await page.locator("#count-messages").innerText(), "3");
    await context.close();
});

test("the question for the order of dates can be left: by Cancel, by Esc", async () => {
    for (const leave of [(page) => page.click("#dates-cancel"), (page) => page.keyboard.press("Escape")]) {
        const { page, context } = await open(browser, server.url);
        await drop(page, { "trace.csv": samples.ambiguous });
        await page.locator("#dates[open]").waitFor();
        await leave(page);
        await page.locator("#files li.bad", { hasText: "Not read" }).waitFor();
        await context.close();
    }
});

test("an empty result says so, and offers to clear; the export's scope stays as it was chosen", async () => {
    const { page, context } = await withFiles({ "a.ndjson": samples.ndjson });
    await page.fill("#search", "from:nobody@example.com");
    await page.locator("#overview .empty", { hasText: "No message fits" }).waitFor();
    await page.click("#export");
    assert.equal(await page.isChecked("#exporting input[value=all]"), true);
    await page.check("#exporting input[value=filtered]");
    await page.keyboard.press("Escape");
    await page.click("#overview .empty button >> text=Clear the filters");
    await page.locator("#shown", { hasText: /^3 messages/ }).waitFor();
    await page.click("#export");
    assert.equal(await page.isChecked("#exporting input[value=filtered]"), true);
    await context.close();
});

test("another time zone shows other times", async () => {
    const { page, context } = await withFiles({ "a.ndjson": samples.ndjson });
    await page.selectOption("#zone", "Asia/Tokyo");
    await page.click("#tab-messages");
    await page.locator(".rows .row", { hasText: "2026-01-05 19:30:00" }).waitFor();
    await context.close();
});

test("no status and direction share a colour", () => {
    const css = readFileSync(new URL("../web/style/style.css", import.meta.url), "utf8");
    const status = ["delivered", "failed", "spam", "quarantined", "pending", "getting", "expanded", "other"];
    const direction = ["inbound", "outbound", "internal", "external", "unknown"];
    for (const theme of [0, 1]) {
        const of = (name) => [...css.matchAll(new RegExp(`--${name}: (#[0-9a-f]{6})`, "g"))][theme][1];
        const colours = [...status, ...direction].map(of);
        assert.equal(new Set(colours).size, colours.length);
    }
});

test("look-alikes by family, as the program knows them", async () => {
    await startLookalikes(readFileSync(new URL("../../../dist/page/core_bg.wasm", import.meta.url)));
    for (const [domain, family] of [["contosso.com", "plural"], ["c0ntoso.com", "homoglyph"], ["contoso.net", "tld-swap"], ["contoso.com.example.net", "embedded"], ["con-toso.com", "hyphenation"], ["contsoo.com", "transposition"], ["contoso-login.com", "dictionary"], ["fabrikam.com", undefined], ["mail.contoso.com", undefined]]) {
        assert.equal(lookalike(domain, ["contoso.com"])?.family, family, domain);
    }
    assert.equal(lookalike("соntoso.com", ["contoso.com"])?.family, "confusable");
});
