// How fast, beside the mapping that people write without the package: node bench/bench.mjs CORPUS.ndjson
// Rounds alternate between the ways, so that a busy machine slows all of them; the fastest round of each counts.

import { readFileSync } from "node:fs";
import { normalize, normalizeBatch } from "../../../dist/npm/node.js";
import * as peer from "./peer.mjs";

const ROUNDS = 7;
const path = process.argv[2];
if (!path) throw new Error("usage: npm run bench -- CORPUS.ndjson");
const bytes = readFileSync(path);
const text = bytes.toString();
const lines = text.trimEnd().split("\n");

const ways = {
    "JSON.parse, object, JSON.stringify": () => lines.reduce((length, line) => length + peer.normalize(line).length, 0),
    "normalize, line by line": () => lines.reduce((length, line) => length + normalize(line).length, 0),
    "normalizeBatch, bytes": () => normalizeBatch(bytes).events.length,
    "normalizeBatch, a string": () => normalizeBatch(text).events.length,
};

const differing = lines.filter((line) => normalize(line) !== peer.normalize(line)).length;
const best = Object.fromEntries(Object.keys(ways).map((name) => [name, Infinity]));
let used = 0;
for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(ways)) {
        const start = process.cpuUsage();
        used += run();
        const { user, system } = process.cpuUsage(start);
        if (round > 0) best[name] = Math.min(best[name], (user + system) * 1000);
    }
}
const [base] = Object.values(best);
console.log(`${lines.length} rows, ${bytes.length} bytes; ${differing} rows the peer maps differently; ${used > 0 ? "" : "no "}output`);
console.log("way                                     ns/row    rows/s   ratio   (CPU time, fastest of 7 rounds)");
for (const [name, time] of Object.entries(best)) {
    const row = time / lines.length;
    const columns = [row.toFixed(0).padStart(8), (1e9 / row).toFixed(0).padStart(9), (base / time).toFixed(2).padStart(7)];
    console.log(name.padEnd(37), ...columns);
}
