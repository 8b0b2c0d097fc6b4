// The hosts that Node reaches, behind the protocol of the conformance test (README.md beside this folder):
//   node node_hosts.mjs node|jco < jobs.jsonl > answers.jsonl

import { createInterface } from "node:readline";

const modules = {
    node: "../../../dist/npm/node.js",
    jco: "../../js/examples/jco/normalizer.mjs",
};
const { normalize, normalizeBatch } = await import(modules[process.argv[2]]);

for await (const line of createInterface({ input: process.stdin })) {
    const job = JSON.parse(line);
    const input = Buffer.from(job.input, "base64");
    process.stdout.write(`${JSON.stringify(answer(job, input))}\n`);
}

function answer(job, input) {
    if (job.call !== "batch") return { declined: `${job.call}: see the package's own tests` };
    let [seconds, result] = [Infinity];
    for (let time = 0; time < job.times; time++) {
        const start = performance.now();
        result = normalizeBatch(input, job.options);
        seconds = Math.min(seconds, (performance.now() - start) / 1000);
    }
    const { events, rejections } = result;
    return { events: Buffer.from(events).toString("base64"), rejections, seconds };
}
