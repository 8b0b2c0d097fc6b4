// Whether a domain imitates another, as the program knows it: `crates/lookalike`, compiled.

import init, { Guard } from "../../../../dist/page/core.js";

/** Loads the module from its bytes. */
export async function startLookalikes(bytes) {
    await init({ module_or_path: bytes });
}

/** What was asked last: the same domains are protected many times in a row. */
let last;

/** What a domain imitates, `{resembles, family, distance}`; `undefined` if none of the protected, is one, or is below one. */
export function lookalike(domain, protectedDomains) {
    const key = protectedDomains.join(" ");
    if (last?.key !== key) {
        last?.guard.free();
        last = { key, guard: new Guard(protectedDomains) };
    }
    const found = last.guard.find(domain);
    if (found === undefined) return undefined;
    const [resembles, family, distance] = found.split(" ");
    return { resembles, family, distance: Number(distance) };
}
