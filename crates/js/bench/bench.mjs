// How fast, beside the mapping that people write without the package: npm run bench -- CORPUS.ndjson
// Each way runs in a process of its own, as what one leaves behind would be another's work for the garbage collector;
// twice, so that a busy machine slows all of them. CPU time, the fastest round of each.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { normalize, normalizeBatch } from "../../../dist/npm/node.js";
import * as peer from "./peer.mjs";

const ROUNDS = 5;
const PIECE_BYTES = 256 * 1024;
const PEER = "JSON.parse, object, JSON.stringify";

// What is made beforehand, and what is measured on it: the length of what came out.
const ways = {
    [PEER]: [lines, (line) => peer.normalize(line).length],
    "normalize, line by line": [lines, (line) => normalize(line).length],
    "normalizeBatch, 256 KiB at a time": [pieces, (piece) => normalizeBatch(piece).events.length],
    "normalizeBatch, all at once": [(bytes) => [bytes], (bytes) => normalizeBatch(bytes).events.length],
    "normalizeBatch, all as a string": [(bytes) => [bytes.toString()], (text) => normalizeBatch(text).events.length],
};

const [path, way] = process.argv.slice(2);
if (!path) throw new Error("usage: npm run bench -- CORPUS.ndjson");
const corpus = readFileSync(path);
const rows = corpus.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0);
if (way === undefined) compare();
else console.log(measure(...ways[way]));

function measure(make, run) {
    const parts = make(corpus);
    let best = Infinity;
    for (let round = 0; round <= ROUNDS; round += 1) {
        const start = process.cpuUsage();
        const length = parts.reduce((sum, part) => sum + run(part), 0);
        const { user, system } = process.cpuUsage(start);
        if (length === 0) throw new Error("no events");
        if (round > 0) best = Math.min(best, user + system);
    }
    return best;
}

function compare() {
    const differing = lines(corpus).filter((line) => normalize(line) !== peer.normalize(line)).length;
    console.log(`${rows} rows, ${corpus.length} bytes; the peer maps ${differing} of them differently`);
    const best = Object.fromEntries(Object.keys(ways).map((name) => [name, Infinity]));
    for (const name of [...Object.keys(ways), ...Object.keys(ways)]) {
        best[name] = Math.min(best[name], Number(execFileSync(process.execPath, [import.meta.filename, path, name])));
    }
    console.log("way                                     ns/row    rows/s   ratio");
    for (const [name, micros] of Object.entries(best)) {
        const row = (micros * 1000) / rows;
        const columns = [row.toFixed(0).padStart(8), (1e9 / row).toFixed(0).padStart(9), (best[PEER] / micros).toFixed(2).padStart(7)];
        console.log(name.padEnd(37), ...columns);
    }
}

function lines(bytes) {
    return bytes.toString().trimEnd().split("\n");
}

function pieces(bytes) {
    const parts = [];
    for (let start = 0, end; start < bytes.length; start = end) {
        end = start + PIECE_BYTES < bytes.length ? bytes.lastIndexOf(10, start + PIECE_BYTES) + 1 : bytes.length;
        parts.push(bytes.subarray(start, end));
    }
    return parts;
}
