// The hosts that Node reaches, behind the protocol of the conformance test (README.md beside this folder):
//   node node_hosts.mjs node|jco|browser < jobs.jsonl > answers.jsonl

import { createInterface } from "node:readline";
import { answer } from "./calls.mjs";

const hosts = {
    node: async () => within(await import("../../../dist/npm/node.js"), false),
    jco: async () => within(await import("../../js/examples/jco/normalizer.mjs"), true),
    browser: async () => (await import("./browser.mjs")).open(),
};
const host = await hosts[process.argv[2]]();
for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await host.answer(JSON.parse(line)))}\n`);
}
await host.close();

function within(module, isText) {
    return { answer: (job) => answer(module, job, isText), close: () => {} };
}
