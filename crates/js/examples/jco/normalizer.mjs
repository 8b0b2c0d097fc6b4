// The sealed component itself in Node, through jco, without WASI:
//   node transpile.mjs dist/message-trace.wasm dist/jco      (or: npx jco transpile …)
// What comes out is one module for Node and browsers. `./build.sh js` does this if the component is there.

import { mapping } from "../../../../dist/jco/message-trace.js";

// WIT's names are written with hyphens, JavaScript's with humps, the options file's with underscores.
const humps = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** Lines, as bytes, to events. */
export function normalizeBatch(lines, options = {}) {
    const component = open(options);
    const { events, count, rejections } = component.normalizeBatch({ tag: "bytes", val: lines }, []);
    const named = rejections.map(({ line, reason }) => ({ line, ...rejection(reason) }));
    return { events: events.val, count, rejections: named };
}

/** One line, as text, to one event. Throws an error with `reason` and `detail` if it gives none. */
export function normalize(line, options = {}, revision = undefined) {
    const component = open(options);
    try {
        if (!revision) return component.normalize(line, undefined);
        const { sequence, previousStatus, details } = revision;
        return component.normalize(line, {
            sequence: BigInt(sequence),
            previousStatus: previousStatus ?? undefined,
            details: details ?? undefined,
        });
    } catch (error) {
        // jco throws a result's error, a variant here: bare, or, in some versions, as the payload of an `Error`.
        const variant = error.payload ?? error;
        if (variant.tag === undefined) throw error;
        throw Object.assign(new Error(variant.tag), rejection(variant));
    }
}

function open(options) {
    const given = Object.fromEntries(
        Object.entries(options)
            .filter(([, value]) => value !== undefined && value !== null)
            .map(([name, value]) => [humps(name), value]),
    );
    const set = new mapping.Options();
    if (given.target) set.setTarget(given.target);
    // The component refuses a domain of which nothing is left; elsewhere it counts as not given.
    const isDomain = (domain) => /[^\s@.]/.test(domain);
    for (const domain of (given.organizationDomains ?? []).filter(isDomain)) set.addOrganizationDomain(domain);
    if (given.tenantId) set.setTenantId(given.tenantId);
    if (given.keepOriginal !== undefined) set.setKeepOriginal(given.keepOriginal);
    if (given.maxLineBytes !== undefined) set.setMaxLineBytes(given.maxLineBytes);
    return new mapping.Normalizer(set);
}

function rejection({ tag, val }) {
    return { reason: tag, ...(val !== undefined && { detail: val }) };
}
