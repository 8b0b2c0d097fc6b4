// What the build puts into the page beside this script: the worker and the module.

/** The worker's script. */
export const workerSource = () => document.getElementById("part-worker").textContent;

/** The module's bytes: in the page as gzip in base64. */
export async function moduleBytes() {
    const packed = atob(document.getElementById("part-module").textContent.trim());
    const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

/** The data of a report, packed; `undefined` in a page without them. */
export function reportBlock() {
    const text = document.getElementById("report")?.textContent.trim();
    return text ? JSON.parse(text) : undefined;
}
