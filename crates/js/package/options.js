// Options on their way into the module.

const NAMES = {
    target: "target",
    organizationDomains: "organization_domains",
    tenantId: "tenant_id",
    keepOriginal: "keep_original",
    maxLineBytes: "max_line_bytes",
};
// The names that files and other hosts use are taken too.
const KNOWN = new Set(Object.values(NAMES));

/** Options as the module reads them. Throws a `TypeError` for a name that is no option. */
export function optionsAsJson(options = {}) {
    const entries = Object.entries(options)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [nameOf(name), value]);
    return JSON.stringify(Object.fromEntries(entries));
}

function nameOf(name) {
    if (Object.hasOwn(NAMES, name)) return NAMES[name];
    if (KNOWN.has(name)) return name;
    throw new TypeError(`message-trace: there is no option "${name}"`);
}
