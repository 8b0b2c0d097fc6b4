// The package in browsers, workers and every host without a file system: `await init()` first.

import { load } from "./module.js";

export { about, ready } from "./module.js";
export { Normalizer, normalize, normalizeBatch, normalizeRevision } from "./normalizer.js";
export { NormalizeStream } from "./stream.js";
export { Rejection } from "./rejection.js";

let loading;

/**
 * Loads the module, once; later calls give the first one's promise. Without an argument it is read from beside this
 * file. A call that failed may be repeated.
 */
export default function init(source = new URL("./message-trace.wasm", import.meta.url)) {
    loading ??= Promise.resolve(source)
        .then(compile)
        .then(load)
        .catch((error) => {
            loading = undefined;
            throw error;
        });
    return loading;
}

export { init };

/** A compiled module from an address, a response, bytes or a compiled module. */
async function compile(source) {
    if (source instanceof WebAssembly.Module) return source;
    if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return WebAssembly.compile(source);
    const response = source instanceof Response ? source : await fetch(source);
    if (!response.ok) throw new Error(`message-trace: the module could not be read: HTTP status ${response.status}`);
    // Streaming needs the right media type, which not every file server sends.
    const isWasm = /^application\/wasm\b/i.test(response.headers.get("content-type") ?? "");
    return isWasm ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}
