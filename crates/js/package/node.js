// The package in Node: reads its module from beside this file while it is imported, so that nothing has to be awaited.

import { readFileSync } from "node:fs";
import { load } from "./module.js";

export { about, ready } from "./module.js";
export { Normalizer, normalize, normalizeBatch, normalizeRevision } from "./normalizer.js";
export { NormalizeStream } from "./stream.js";
export { Rejection } from "./rejection.js";

load(new WebAssembly.Module(readFileSync(new URL("./message-trace.wasm", import.meta.url))));

/** Does nothing here: the module is loaded. The same code runs in a browser, where it does. */
export default async function init() {}

export { init };
