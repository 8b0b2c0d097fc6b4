// Lines in, events out, through the batch call, for the conformance test of all hosts:
//   node conformance.mjs --target ecs [--options JSON] [--host js|jco] < lines.ndjson > events.ndjson
// Rejections go to file descriptor 3 as JSON lines, or to stderr where 3 is not open.

import { fstatSync, readFileSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";

const { values } = parseArgs({
    options: {
        target: { type: "string", default: "sekoia" },
        options: { type: "string", default: "{}" },
        host: { type: "string", default: "js" },
    },
});
const options = { ...JSON.parse(values.options), target: values.target };
const lines = readFileSync(0);
const { events, rejections } = await batch(values.host);
write(1, events);
write(isOpen(3) ? 3 : 2, Buffer.from(rejections.map((rejection) => `${JSON.stringify(rejection)}\n`).join("")));

async function batch(host) {
    if (host === "js") {
        const { normalizeBatch } = await import("../../dist/npm/node.js");
        return normalizeBatch(lines, options);
    }
    if (host === "jco") {
        const { normalizeBatch } = await import("./examples/jco/normalizer.mjs");
        return normalizeBatch(lines, options);
    }
    throw new Error(`there is no host "${host}"`);
}

function isOpen(descriptor) {
    try {
        // A descriptor that node opened for itself is neither a file nor a pipe.
        const stat = fstatSync(descriptor);
        return stat.isFile() || stat.isFIFO();
    } catch {
        return false;
    }
}

function write(descriptor, bytes) {
    for (let at = 0; at < bytes.length; ) {
        try {
            at += writeSync(descriptor, bytes, at);
        } catch (error) {
            if (error.code !== "EAGAIN") throw error;
        }
    }
}
