// The sealed component itself in Node, through jco, without WASI:
//   node transpile.mjs dist/message-trace.wasm dist/jco      (or: npx jco transpile …)
// What comes out is one module for Node and browsers. `./build.sh js` does this if the component is there.

import { normalizer } from "../../../../dist/jco/message-trace.js";

const DEFAULTS = { target: "sekoia", organizationDomains: [], keepOriginal: true, maxLineBytes: 1_048_576 };
// WIT's names are written with hyphens, JavaScript's with humps, the options file's with underscores.
const humps = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** Lines, as bytes, to events. */
export function normalizeBatch(lines, options = {}) {
    const component = open(options);
    const { events, count, rejections } = component.normalizeBatch(lines);
    const named = rejections.map(({ line, reason }) => ({ line, ...rejection(reason) }));
    return { events, count, rejections: named };
}

/** One line, as text, to one event. Throws an error with `reason` and `detail` if it gives none. */
export function normalize(line, options = {}, revision = undefined) {
    const component = open(options);
    try {
        if (!revision) return component.normalize(line);
        const { sequence, previousStatus } = revision;
        return component.normalizeRevision(line, { sequence: BigInt(sequence), previousStatus: previousStatus ?? undefined });
    } catch (error) {
        // jco throws a result's error, a variant here: bare, or, in some versions, as the payload of an `Error`.
        const variant = error.payload ?? error;
        if (variant.tag === undefined) throw error;
        throw Object.assign(new Error(variant.tag), rejection(variant));
    }
}

function open(options) {
    const given = Object.entries(options)
        .filter(([, value]) => value !== undefined && value !== null)
        .map(([name, value]) => [humps(name), value]);
    return new normalizer.Normalizer({ ...DEFAULTS, ...Object.fromEntries(given) });
}

function rejection({ tag, val }) {
    return { reason: tag, ...(val !== undefined && { detail: val }) };
}
