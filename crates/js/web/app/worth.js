// What is worth a look, in words, each a click away from its rows.

import { h } from "./dom.js";
import { number, several, share, span, stepTime } from "./format.js";

const FIRST_SHOWN = 5;
const LEVELS = { 4: "high", 3: "high", 2: "medium", 1: "low" };
const FAMILIES = {
    addition: "a letter added", bitsquatting: "another letter", cyrillic: "letters of another alphabet", homoglyph: "letters that look alike",
    hyphenation: "a hyphen", insertion: "a letter added", omission: "a letter left out", plural: "a plural", repetition: "a letter twice",
    replacement: "another letter", subdomain: "a dot inside", transposition: "two letters exchanged", "vowel-swap": "another vowel",
    dictionary: "a word added", "tld-swap": "another ending", various: "its ending in the name", confusable: "letters that look alike",
    "edit-distance": "one or two letters changed", combination: "its name with more around it", embedded: "its name in front of another domain",
};

export const familyName = (family) => FAMILIES[family] ?? family;

/** The list; `look` shows the rows of a finding. */
export function worthALook(findings, look) {
    if (findings.length === 0) return h("p", { className: "soft" }, "Nothing stands out: no burst of sending, no look-alike domain, no sender or domain whose mail keeps failing.");
    const items = findings.map((finding) => {
        const { title, text } = words(finding);
        return h("li", { className: `finding ${LEVELS[finding.level]}` },
            h("button", { type: "button", onclick: () => look(finding) },
                h("strong", {}, title), h("span", { className: "soft" }, text), h("span", { className: "go", "aria-hidden": "true" }, "›")));
    });
    const list = h("ul", { className: "findings" }, items.slice(0, FIRST_SHOWN));
    if (items.length <= FIRST_SHOWN) return list;
    const more = h("button", { type: "button", className: "small", onclick: () => {
        list.append(...items.slice(FIRST_SHOWN));
        more.remove();
        items[FIRST_SHOWN].querySelector("button").focus();
    } }, `Show all ${number(items.length)}`);
    return [list, more];
}

function words(finding) {
    const { kind, name, observed, usual } = finding;
    switch (kind) {
        case "lookalike": return {
            title: `${name} looks like ${finding.resembles}`,
            text: `${capital(familyName(finding.family))}. ${several(observed, "message")}, ${finding.recipients > 0 ? `to ${finding.recipients === 1 ? finding.sample[0] : several(finding.recipients, "recipient")}, ` : ""}${stepTime(finding.first, 86_400e3)}${sameDay(finding) ? "" : ` to ${stepTime(finding.last, 86_400e3)}`}.`,
        };
        case "burst": return {
            title: `${name} sent ${several(observed, "message")} in ${several(finding.minutes, "minute")}`,
            text: `${usual > 0 ? `${number(Math.round(observed / usual))} times its busiest half hour of other days (${number(usual)})` : "Nothing on other days"}. ${span(finding.from - (finding.from % 60e3), finding.to)}.`,
        };
        case "first-time": return {
            title: `${name} wrote to ${several(observed, "new recipient")} in a day`,
            text: `${usual > 0 ? `${number(Math.round(usual))} on a usual day` : "None on a usual day"}. ${stepTime(finding.from, 86_400e3)}.`,
        };
        default: return {
            title: `${share(observed, finding.all)} of the mail ${name.includes("@") ? "of" : "to"} ${name} failed`,
            text: `${number(observed)} of ${several(finding.all, "message")}, to ${several(finding.recipients, "recipient")}; of all mail ${share(finding.overall, 1)} fails.`,
        };
    }
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);
const sameDay = ({ first, last }) => stepTime(first, 86_400e3) === stepTime(last, 86_400e3);
