// The page in a headless Chromium: files of every kind, counts, silence, speed, keyboard, accessibility.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { normalizeBatch } from "../../../dist/npm/node.js";
import { drop, launch, open, pageFile, serve } from "./browser.mjs";
import { TARGETS, cases } from "./fixtures.mjs";
import * as samples from "./samples.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const MANY = 200_000;

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

const text = (page, selector) => page.locator(selector).innerText();
const count = async (page, name) => Number((await text(page, `#count-${name}`)).replaceAll(",", ""));
const loaded = (page) => page.locator("#loaded").waitFor();

/** Opens the page, drops files, and waits until they are read. */
async function withFiles(files, settings) {
    const opened = await open(browser, server.url, settings);
    await drop(opened.page, files);
    await loaded(opened.page);
    return opened;
}

/** Downloads what the export dialog gives for a choice. */
async function exported(page, { what = "events", which = "all", isGzip = false, target } = {}) {
    if (target) await page.selectOption("#target", target);
    await page.click("#export");
    await page.check(`#exporting input[name=what][value=${what}]`);
    if (what !== "refusals") await page.check(`#exporting input[name=which][value=${which}]`);
    await page.setChecked("#gzip", isGzip);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    const bytes = readFileSync(await download.path());
    return { name: download.suggestedFilename(), bytes: isGzip ? gunzipSync(bytes) : bytes };
}

describe("files of every kind", () => {
    for (const { name, files, rows, refused, lines, duplicates = 0, problem } of samples.kinds) {
        test(name, async () => {
            const { page, context, errors } = await withFiles(files);
            assert.equal(await count(page, "messages"), rows);
            assert.equal(await count(page, "rejections"), refused);
            const said = await text(page, "#files");
            const counted = [...said.matchAll(/(\d+) duplicate/g)].reduce((sum, [, number]) => sum + Number(number), 0);
            assert.equal(counted, duplicates);
            if (problem) assert.match(said, problem);
            assert.deepEqual(errors, []);
            if (lines && rows > 0) {
                // The events are those of the package for the lines that the file stands for.
                const { bytes } = await exported(page, { target: "sekoia" });
                const expected = normalizeBatch(lines.join("\n"), { target: "sekoia" });
                assert.equal(bytes.toString(), Buffer.from(expected.events).toString());
            }
            await context.close();
        });
    }

    test("every fixture becomes its event or its rejection", async () => {
        const inLines = cases.filter(({ input, options, revision }) => {
            const end = input.indexOf(10);
            return !revision && Object.keys(options).length === 0 && (end < 0 || end === input.length - 1);
        });
        assert.ok(inLines.length > 100, `${inLines.length} fixtures`);
        const lines = Buffer.concat(inLines.map(({ input }) => Buffer.concat([Buffer.from(input.toString("latin1").replace(/\n$/, ""), "latin1"), Buffer.from("\n")])));
        const { page, context, errors } = await withFiles({ "fixtures.ndjson": lines });
        const offered = await page.$$eval("#target option", (options) => options.map(({ value }) => value));
        assert.deepEqual(offered.sort(), TARGETS.toSorted());
        for (const target of TARGETS) {
            const expected = normalizeBatch(lines, { target });
            // Fixtures share event ids: of each id the page keeps the first.
            const seen = new Set();
            const isFirst = Buffer.from(normalizeBatch(lines, { target: "ecs" }).events).toString().trimEnd().split("\n").map((event) => {
                const { id } = JSON.parse(event).event;
                const isNew = id === undefined || !seen.has(id);
                seen.add(id);
                return isNew;
            });
            const events = Buffer.from(expected.events).toString().trimEnd().split("\n").filter((_, at) => isFirst[at]);
            assert.equal(await count(page, "messages"), events.length);
            assert.equal(await count(page, "rejections"), expected.rejections.length);
            const { bytes } = await exported(page, { target });
            assert.equal(bytes.toString().trimEnd(), events.join("\n"), target);
        }
        const { bytes } = await exported(page, { what: "refusals" });
        const { rejections } = normalizeBatch(lines);
        const said = bytes.toString().trimEnd().split("\n").map((line) => JSON.parse(line));
        assert.deepEqual(said.map(({ line, reason }) => [line, reason]), rejections.map(({ line, reason }) => [line, reason]));
        assert.deepEqual(errors, []);
        await context.close();
    });

    test("a date that may be day-first or month-first is asked for, and each answer is taken", async () => {
        for (const [order, day] of [["dmy", "2026-06-05"], ["mdy", "2026-05-06"]]) {
            const { page, context } = await open(browser, server.url);
            await drop(page, { "trace.csv": samples.ambiguous });
            await page.locator("#dates[open]").waitFor();
            assert.equal(await page.isDisabled("#dates-go"), true);
            assert.match(await text(page, "#dates-proof"), /13\/06\/2026.*day first/);
            await page.check(`#dates input[value=${order}]`);
            await page.click("#dates-go");
            await loaded(page);
            const { bytes } = await exported(page, { what: "raw" });
            assert.equal(JSON.parse(bytes.toString().split("\n")[0]).Received, `${day}T10:30:00Z`);
            await context.close();
        }
    });

    test("a damaged file is said, and does not keep others from being read", async () => {
        const damaged = gzipSync(samples.ndjson).subarray(0, 40);
        const { page, context } = await withFiles({ "damaged.gz": damaged, "good.ndjson": samples.ndjson });
        assert.match(await text(page, "#files li.bad"), /damaged\.gz[^]*cannot be read/);
        assert.equal(await count(page, "messages"), samples.rows.length);
        await context.close();
    });
});

test("a quote that was left open ends a table, and is said", async () => {
    const open = `${samples.cmdletCsv}\r\n"14.06.2026 09:05:01","${"x,y\r\n".repeat(300_000)}`;
    const { page, context } = await withFiles({ "open.csv": open });
    assert.match(await text(page, "#files li.bad"), /is a quote left open/);
    assert.equal(await count(page, "messages"), 2);
    assert.equal(await count(page, "rejections"), 1);
    await context.close();
});

test("the first click on a row opens it, however long the button is held down", async () => {
    const { page, context } = await withFiles({ "rows.ndjson": samples.ndjson });
    await page.click("#tab-messages");
    // The table takes the focus as the button goes down, and may be drawn again before it comes up.
    await page.click(".rows .row >> nth=0", { delay: 300 });
    await page.locator("#details").waitFor();
    await page.keyboard.press("Escape");
    await page.click(".rows .row >> nth=1", { delay: 300 });
    await page.locator("#details").waitFor();
    await context.close();
});

describe("exports", () => {
    test("no cell of the table is a formula for a spreadsheet", async () => {
        const { page, context } = await withFiles({ "hostile.ndjson": samples.hostile });
        const { bytes, name } = await exported(page, { what: "table" });
        assert.equal(name, "messages.csv");
        const cells = bytes.toString().split("\r\n").slice(1).flatMap((line) => line.match(/"(?:[^"]|"")*"/g) ?? []);
        assert.ok(cells.length > 10);
        for (const cell of cells) assert.doesNotMatch(cell, /^"[=+\-@\t\r]/);
        assert.ok(cells.some((cell) => cell.startsWith(`"'=`)));
        await context.close();
    });

    test("gzip holds the same, and a filter takes its part", async () => {
        const { page, context } = await withFiles({ "rows.ndjson": samples.ndjson });
        const plain = await exported(page);
        const packed = await exported(page, { isGzip: true });
        assert.equal(packed.name, "events.ecs.ndjson.gz");
        assert.deepEqual(packed.bytes, plain.bytes);
        await page.fill("#search", "bob@example.org");
        await page.locator("#shown", { hasText: /^1 of 3 messages/ }).waitFor();
        const part = await exported(page, { which: "filtered" });
        assert.equal(part.bytes.toString().trimEnd().split("\n").length, 1);
        await context.close();
    });

    test("nothing in a row becomes part of the page", async () => {
        const { page, context, errors } = await withFiles({ "hostile.ndjson": samples.hostile });
        await page.click("#tab-messages");
        await page.click(".rows .row >> nth=0");
        await page.locator("#details").waitFor();
        assert.equal(await page.locator("#table img, #details img, #overview img").count(), 0);
        assert.equal(await page.evaluate(() => globalThis.wasRun), undefined);
        assert.deepEqual(errors, []);
        await context.close();
    });
});

describe("directions", () => {
    test("suggested domains tell inbound from outbound", async () => {
        const { page, context } = await withFiles({ "rows.ndjson": samples.ndjson });
        await page.click("#suggestions button >> text=example.com");
        // The rows are read again first.
        await page.waitForFunction(() => document.querySelector("#domains").value === "example.com");
        await page.locator("#overview >> text=Outbound").first().waitFor();
        const { bytes } = await exported(page);
        const directions = bytes.toString().trimEnd().split("\n").map((event) => JSON.parse(event).email.direction);
        const expected = normalizeBatch(samples.ndjson, { target: "ecs", organizationDomains: ["example.com"] });
        const events = Buffer.from(expected.events).toString().trimEnd().split("\n").map((event) => JSON.parse(event));
        assert.deepEqual(directions, events.map(({ email }) => email.direction));
        await context.close();
    });
});

describe("silence", () => {
    test("no request after the page, whatever is done, and the policy forbids it", async () => {
        const before = server.requests.length;
        const { page, context, requests } = await withFiles({ "rows.ndjson": samples.ndjson, "rows.csv": samples.cmdletCsv });
        await exported(page, { isGzip: true });
        await page.click("#tab-messages");
        await page.click(".rows .row >> nth=0");
        assert.deepEqual(server.requests.slice(before), ["/message-trace.html"]);
        assert.deepEqual(requests.filter((url) => !url.startsWith("blob:")), [server.url]);
        // And if it wanted to.
        const attempts = await page.evaluate(async () => {
            const refused = (promise) => promise.then(() => "sent", () => "refused");
            const image = new Promise((resolve, reject) => Object.assign(new Image(), { onload: resolve, onerror: reject, src: "/image" }));
            return [await refused(fetch("/fetch")), await refused(image)];
        });
        assert.deepEqual(attempts, ["refused", "refused"]);
        assert.deepEqual(server.requests.slice(before), ["/message-trace.html"]);
        const policy = await page.getAttribute("meta[http-equiv=Content-Security-Policy]", "content");
        assert.match(policy, /^default-src 'none'; script-src 'sha256-[^']+' 'wasm-unsafe-eval'; style-src 'sha256-[^']+'; worker-src blob:; img-src data:; connect-src 'none'; form-action 'none'; base-uri 'none'$/);
        await context.close();
    });

    test("it opens from a disk, without a network, by a double click", async () => {
        const { page, context, errors } = await open(browser, `file://${pageFile}`, { offline: true });
        await page.click("#example");
        await loaded(page);
        assert.equal(await count(page, "messages"), 6_000);
        assert.equal(await count(page, "rejections"), 2);
        assert.deepEqual(errors, []);
        await context.close();
    });
});

describe("200,000 rows", () => {
    test("stay quick", { timeout: 120_000 }, async (t) => {
        const { page, context } = await open(browser, server.url);
        // Made in the browser: over the wire to it they would take longer than to be read.
        const start = Date.now();
        await page.evaluate(async (many) => {
            const lines = Array.from({ length: many }, (_, at) => JSON.stringify({
                id: `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`, senderAddress: `user${at % 5000}@example.com`,
                recipientAddress: `person${(at * 7) % 9000}@example.org`, messageId: `<${at}@example.com>`,
                receivedDateTime: new Date(1767225600000 + at * 4000).toISOString(), subject: `Subject ${at} of many`,
                size: (at * 7919) % 5000000, fromIP: "192.0.2.1", toIP: "", status: at % 20 ? "delivered" : "failed",
            }));
            const transfer = new DataTransfer();
            transfer.items.add(new File([lines.join("\n")], "many.ndjson"));
            document.querySelector("#input").files = transfer.files;
            document.querySelector("#input").dispatchEvent(new Event("change"));
        }, MANY);
        await loaded(page);
        const read = Date.now() - start;
        assert.equal(await count(page, "messages"), MANY);
        await page.click("#tab-messages");
        await page.locator(".rows .row").first().waitFor();

        const figures = await page.evaluate(async () => {
            const frame = () => new Promise(requestAnimationFrame);
            const until = async (holds) => {
                const start = performance.now();
                while (!holds() && performance.now() - start < 10_000) await frame();
                return Math.round(performance.now() - start);
            };
            const body = document.querySelector("#table .body");
            const index = () => Number(document.querySelector("#table .rows .row")?.getAttribute("aria-rowindex"));
            const scrolls = [];
            for (const part of [0.5, 0.9, 0.1, 0.75, 0.3]) {
                body.scrollTop = body.scrollHeight * part;
                scrolls.push(await until(() => Math.abs(index() - 200_000 * part) < 100));
            }
            const search = document.querySelector("#search");
            const shown = document.querySelector("#shown");
            search.value = "user4321 failed";
            search.dispatchEvent(new Event("input"));
            const searched = await until(() => shown.textContent.includes(" of "));
            const found = shown.textContent;
            search.value = "";
            search.dispatchEvent(new Event("input"));
            await until(() => !shown.textContent.includes(" of "));
            document.querySelector("#table [data-name=subject] button").click();
            const sorted = await until(() => document.querySelector("#table [data-name=subject]").hasAttribute("aria-sort"));
            return { scrolls, searched, found, sorted };
        });
        t.diagnostic(`made and read in ${read} ms; scrolled in ${figures.scrolls} ms; searched in ${figures.searched} ms (120 of them waiting for more letters); sorted by subject in ${figures.sorted} ms`);
        assert.ok(Math.max(...figures.scrolls) < 5_000 && figures.searched < 5_000 && figures.sorted < 9_000, JSON.stringify(figures));
        assert.ok(await page.locator("#table .rows .row").count() < 80);
        await context.close();
    });
});

describe("keyboard", () => {
    test("everything is reached and done without a mouse", async () => {
        const { page, context } = await open(browser, server.url);
        const press = async (...keys) => {
            for (const key of keys) await page.keyboard.press(key);
        };
        const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim());
        const tabUntil = async (id) => {
            for (let presses = 0; presses < 40; presses += 1) {
                if ((await focused()) === id) return;
                await press("Tab");
            }
            assert.fail(`${id} is not reached; the focus is at ${await focused()}`);
        };
        await tabUntil("example");
        await press("Enter");
        await loaded(page);
        await tabUntil("search");
        await tabUntil("status");
        await tabUntil("tab-overview");
        await press("ArrowRight");
        assert.equal(await focused(), "tab-messages");
        const grid = page.locator("#table [role=grid]");
        for (let presses = 0; presses < 20 && !(await grid.evaluate((element) => element === document.activeElement)); presses += 1) await press("Tab");
        const active = async () => {
            await page.waitForTimeout(80);
            return grid.evaluate((element) => element.getAttribute("aria-activedescendant"));
        };
        assert.equal(await active(), "table-0");
        await press("ArrowDown", "ArrowDown");
        assert.equal(await active(), "table-2");
        await press("End");
        assert.equal(await active(), "table-5999");
        assert.equal(await page.locator("#table-5999").isVisible(), true);
        await press("Home", "PageDown", "Enter");
        await page.locator("#details:not([hidden])").waitFor();
        assert.equal(await focused(), "details");
        await press("Escape");
        assert.equal(await grid.evaluate((element) => element === document.activeElement), true);
        await context.close();
    });
});

describe("accessibility", () => {
    for (const colorScheme of ["light", "dark"]) {
        for (const viewport of [{ width: 1360, height: 900 }, { width: 400, height: 860 }]) {
            test(`axe finds nothing: ${colorScheme}, ${viewport.width} px`, async () => {
                const { page, context } = await open(browser, server.url, { colorScheme, viewport, reducedMotion: "reduce" });
                const check = async (view) => {
                    const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
                    const said = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(" | ")}`);
                    assert.deepEqual(said, [], view);
                    assert.ok(passes.length > 15, view);
                };
                await page.evaluate(axe);
                await check("welcome");
                await page.click("#example");
                await loaded(page);
                await page.locator(".chart").waitFor();
                await page.click(".as-table summary");
                await check("overview");
                for (const view of ["lists", "failures", "lookalikes"]) {
                    await page.click(`#tab-${view}`);
                    await page.locator(`#${view} > *`).first().waitFor();
                    await check(view);
                }
                await page.click("#tab-lists");
                await page.click("#lists .ranking th button >> nth=0");
                await page.locator("#address .chart").first().waitFor();
                await check("address");
                await page.click("#tab-messages");
                await page.click(".rows .row >> nth=2");
                await page.locator("#details:not([hidden])").waitFor();
                await check("messages");
                await page.click("#tab-rejections");
                await page.click("#refused .rows .row >> nth=0");
                await page.locator("#refused-details:not([hidden])").waitFor();
                await check("rejections");
                if (viewport.width < 700) await page.click(".bar-fold > summary");
                await page.click("#export");
                await check("export");
                await page.keyboard.press("Escape");
                await page.click("#clear");
                await drop(page, { "trace.csv": samples.ambiguous });
                await page.locator("#dates[open]").waitFor();
                await check("dates");
                await context.close();
            });
        }
    }
});
