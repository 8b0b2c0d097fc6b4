// What the package gives, over all fixtures and at its edges.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
    Normalizer, NormalizeStream, Rejection, about, init, normalize, normalizeBatch, normalizeRevision, ready,
} from "../../../dist/npm/node.js";
import { TARGETS, batches, cases, inOrder, kept } from "./fixtures.mjs";

const LINE = '{"receivedDateTime":"2025-06-13T10:30:00Z","subject":"Grüße 🎉","status":"delivered"}';
const decoder = new TextDecoder();

test("there are fixtures of every kind", () => {
    assert.ok(cases.length > 150, `${cases.length} cases`);
    assert.ok(batches.length >= 5, `${batches.length} batches`);
    assert.ok(cases.some((one) => one.revision));
    assert.ok(cases.some((one) => one.rejection));
});

for (const target of TARGETS) {
    test(`every line becomes its event or its rejection: ${target}`, () => {
        for (const { name, input, options, revision, rejection, event } of cases) {
            const normalizer = new Normalizer({ ...options, target });
            const run = (line) =>
                revision ? normalizer.normalizeRevision(line, revision) : normalizer.normalize(line);
            if (rejection) {
                assert.throws(() => run(input), (error) => {
                    assert.ok(error instanceof Rejection, `${name}: ${error}`);
                    assert.deepEqual(kept(error), rejection, name);
                    return true;
                });
            } else {
                assert.equal(inOrder(run(input)), inOrder(event(target)), name);
                const text = decoder.decode(input);
                // A string has lost what was no UTF-8, and a mark at the start.
                if (Buffer.from(text).equals(input)) assert.equal(run(text), run(input), name);
            }
            normalizer.free();
        }
    });

    test(`every batch becomes its events and rejections: ${target}`, async () => {
        for (const { name, input, options, rejections, events } of batches) {
            const batch = normalizeBatch(input, { ...options, target });
            const lines = decoder.decode(batch.events).split("\n").filter(Boolean);
            assert.deepEqual(lines.map(inOrder), events(target).map(inOrder), name);
            assert.equal(batch.count, lines.length, name);
            assert.deepEqual(batch.rejections.map(kept), rejections, name);

            for (const size of [1, 7, 64, input.length || 1]) {
                const streamed = await stream(pieces(input, size), { ...options, target });
                assert.deepEqual(streamed.events, Buffer.from(batch.events), `${name} in pieces of ${size}`);
                assert.deepEqual(streamed.rejections.map(kept), rejections, `${name} in pieces of ${size}`);
            }
        }
    });
}

test("long batches are cut between lines, and keep their numbers", () => {
    const good = Array.from({ length: 9000 }, (_, at) => LINE.replace("delivered", `status-${at}`));
    const lines = good.flatMap((line, at) => (at % 1000 === 999 ? [line, "{broken", ""] : [line]));
    const { events, count, rejections } = normalizeBatch(lines.join("\n"), { target: "ecs" });
    assert.equal(count, 9000);
    const statuses = decoder.decode(events).trimEnd().split("\n").map((event) => JSON.parse(event).event.action);
    assert.deepEqual(statuses, good.map((_, at) => `status-${at}`));
    const broken = lines.flatMap((line, at) => (line === "{broken" ? [at + 1] : []));
    assert.deepEqual(rejections.map(({ line }) => line), broken);
});

test("a line longer than a chunk comes out whole", () => {
    const subject = "ä".repeat(300_000);
    const line = JSON.stringify({ receivedDateTime: "2025-06-13T10:30:00Z", subject });
    const { events, count, rejections } = normalizeBatch(`${LINE}\n${line}\n${LINE}`);
    assert.deepEqual([count, rejections], [3, []]);
    assert.equal(JSON.parse(decoder.decode(events).split("\n")[1]).email.subject, subject);
});

test("events are the caller's: a later call does not change them", () => {
    const first = normalizeBatch(LINE);
    const before = Buffer.from(first.events);
    normalizeBatch(LINE.replace("delivered", "something-else").repeat(3));
    assert.deepEqual(Buffer.from(first.events), before);
});

test("options are checked and said by name", () => {
    assert.throws(() => new Normalizer({ colour: "red" }), { name: "TypeError", message: /"colour"/ });
    assert.throws(() => normalize(LINE, { target: "xml" }), {
        name: "TypeError", message: 'message-trace: target: expected sekoia, ecs or ocsf, but found "xml"',
    });
    assert.throws(() => normalize(LINE, { maxLineBytes: -1 }), { name: "TypeError", message: /max_line_bytes: expected/ });
    assert.throws(() => normalize(LINE, { organizationDomains: "example.com" }), { message: /expected a list/ });
    assert.throws(() => normalize(42), TypeError);
});

test("options change the event, and calls with other options do not leak into each other", () => {
    const outbound = '{"receivedDateTime":"2025-06-13T10:30:00Z","senderAddress":"a@example.com","recipientAddress":"b@example.org"}';
    const options = { target: "ecs", organizationDomains: ["example.com"], tenantId: "t", keepOriginal: false };
    for (let round = 0; round < 3; round += 1) {
        const event = JSON.parse(normalize(outbound, options));
        assert.equal(event.email.direction, "outbound");
        assert.equal(event.organization.id, "t");
        assert.equal(event.event.original, undefined);
        assert.equal(JSON.parse(normalize(outbound)).message, outbound);
        assert.throws(() => normalize(outbound, { maxLineBytes: 10 }), { reason: "too-long", detail: 10 });
    }
});

test("a revision carries its number up to the last bit", () => {
    const sequence = 2n ** 64n - 1n;
    const event = normalizeRevision(LINE, { sequence, previousStatus: "pending" }, { target: "ecs" });
    assert.ok(event.includes(`"sequence":${sequence}`), event);
    assert.equal(JSON.parse(event).m365.message_trace.previous_status, "pending");
});

test("a stream takes text that is cut within a character", async () => {
    const at = LINE.indexOf("🎉") + 1;
    const { events } = await stream([LINE.slice(0, at), LINE.slice(at)], {});
    assert.equal(events.toString(), `${normalize(LINE)}\n`);
});

test("a stream gives what a chunk completes at once", async () => {
    const normalizing = new NormalizeStream();
    const writer = normalizing.writable.getWriter();
    const reader = normalizing.readable.getReader();
    void writer.write(`${LINE}\n{"rec`);
    const { value } = await reader.read();
    assert.equal(decoder.decode(value), `${normalize(LINE)}\n`);
    await reader.cancel();
});

test("a stream without line feeds fails at its limit", async () => {
    await assert.rejects(stream(["x".repeat(60), "y".repeat(60)], { maxPendingBytes: 100 }), RangeError);
});

test("it says what it is", async () => {
    assert.equal(ready(), true);
    assert.equal(await init(), undefined);
    const typed = readFileSync(new URL("../package/index.d.ts", import.meta.url), "utf8").match(/^export type Target = (.*);$/m)[1];
    assert.deepEqual(about().targets, typed.split(" | ").map(JSON.parse));
    assert.equal(about().ecsVersion, "9.4.0");
});

function pieces(bytes, size) {
    return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

async function stream(chunks, options) {
    const rejections = [];
    const normalizing = new NormalizeStream({ ...options, onRejection: (rejection) => rejections.push(rejection) });
    const events = [];
    for await (const chunk of ReadableStream.from(chunks).pipeThrough(normalizing)) events.push(chunk);
    return { events: Buffer.concat(events), rejections };
}
