// What the build puts into the page beside this script: the worker and its two modules.

/** The worker's script. */
export const workerSource = () => document.getElementById("part-worker").textContent;

/** The bytes of both modules, the one that maps rows and the one that knows look-alikes. */
export const moduleBytes = () => Promise.all(["part-module", "part-guard"].map(bytesOf));

/** A module's bytes: in the page as gzip in base64. */
async function bytesOf(id) {
    const packed = atob(document.getElementById(id).textContent.trim());
    const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

/** The data of a report, packed; `undefined` in a page without them. */
export function reportBlock() {
    const text = document.getElementById("report")?.textContent.trim();
    return text ? JSON.parse(text) : undefined;
}
