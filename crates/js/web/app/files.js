// The files that were read, and the organization's domains.

import { byId, h } from "./dom.js";
import { several } from "./format.js";

/** Each file with what it gave, and a way to take it away again. */
export function showFiles(sources, remove) {
    byId("files").replaceChildren(...sources.map(({ id, name, rows, refused, duplicates, problem }) =>
        h("li", { className: problem ? "bad" : "" },
            h("div", {}, h("strong", {}, name), h("span", {}, said({ rows, refused, duplicates, problem }))),
            h("button", { type: "button", className: "quiet small", "aria-label": `Remove ${name}`, title: "Remove this file", onclick: () => remove(id) }, "×"))));
}

function said({ rows, refused, duplicates, problem }) {
    const counts = [several(rows, "message"), duplicates > 0 && several(duplicates, "duplicate"), refused > 0 && several(refused, "rejection")].filter(Boolean).join(", ");
    if (!problem) return counts;
    return rows + refused + duplicates > 0 ? `${problem} (${counts})` : problem;
}

/** Without domains there is no direction: offers those that most messages have, and warns of those that imitate them. */
export function suggest(domains, { offered, imitations }, choose) {
    const place = byId("suggestions");
    place.hidden = domains.length > 0 || offered.length === 0;
    place.replaceChildren("Which are yours? They tell inbound from outbound: ",
        ...offered.map((domain) => h("button", { type: "button", className: "chip", onclick: () => choose(domain) }, domain)),
        ...(imitations.length > 0 ? [h("span", { className: "warning" }, ` Not offered: ${imitations.map(({ domain, resembles }) => `${domain} (looks like ${resembles})`).join(", ")}.`)] : []));
}

export const ownDomains = () => byId("domains").value.split(/[\s,;]+/).filter(Boolean);
