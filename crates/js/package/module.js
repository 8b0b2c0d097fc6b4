// The one instance of the module.

import { Core, about as aboutAsJson, initSync } from "./core.js";

let exports;

/** Starts the module. Safe to call twice. */
export function load(module) {
    exports ??= initSync({ module });
}

/** Whether the module is loaded. */
export function ready() {
    return exports !== undefined;
}

/** A new normalizer in the module. */
export function newCore(options) {
    if (!exports) throw new Error("message-trace: await init() before the first call");
    return new Core(options);
}

/** The module's memory; its buffer is another one after it has grown. */
export function memory() {
    return exports.memory.buffer;
}

/** What this package is: version, versions of the targets' schemas, formats and targets by name. */
export function about() {
    if (!exports) throw new Error("message-trace: await init() before the first call");
    return JSON.parse(aboutAsJson());
}
