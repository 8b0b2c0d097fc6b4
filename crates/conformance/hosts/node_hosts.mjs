// The hosts that Node reaches, behind the protocol of the conformance test (README.md beside this folder):
//   node node_hosts.mjs node|jco < jobs.jsonl > answers.jsonl

import { isUtf8 } from "node:buffer";
import { createInterface } from "node:readline";

const host = process.argv[2];
const modules = { node: "../../../dist/npm/node.js", jco: "../../js/examples/jco/normalizer.mjs" };
const { normalize, normalizeBatch, normalizeRevision } = await import(modules[host]);

for await (const line of createInterface({ input: process.stdin })) {
    const job = JSON.parse(line);
    const input = Buffer.from(job.input, "base64");
    process.stdout.write(`${JSON.stringify(job.call === "batch" ? batch(job, input) : one(job, input))}\n`);
}

function batch(job, input) {
    let [seconds, result] = [Infinity];
    for (let time = 0; time < job.times; time++) {
        const start = performance.now();
        result = normalizeBatch(input, job.options);
        seconds = Math.min(seconds, (performance.now() - start) / 1000);
    }
    return { events: base64(result.events), rejections: result.rejections.map(plain), seconds };
}

function one(job, input) {
    // The component's line is text; the package takes bytes, too.
    if (host === "jco" && !isUtf8(input)) return { declined: "a line is text" };
    const line = host === "jco" ? input.toString() : input;
    try {
        return { events: base64(Buffer.from(call(job, line))), seconds: 0 };
    } catch (rejection) {
        if (rejection.reason === undefined) throw rejection;
        return { rejections: [plain({ line: 1, reason: rejection.reason, detail: rejection.detail })] };
    }
}

function call(job, line) {
    if (job.call === "line") return normalize(line, job.options);
    const revision = { sequence: BigInt(job.sequence), previousStatus: job.previous_status };
    return host === "jco" ? normalize(line, job.options, revision) : normalizeRevision(line, revision, job.options);
}

// Without the message that the package adds for people.
function plain({ line, reason, detail }) {
    return detail === undefined || detail === null ? { line, reason } : { line, reason, detail };
}

function base64(bytes) {
    return Buffer.from(bytes).toString("base64");
}
