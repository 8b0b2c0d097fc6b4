// The details of one message: its fields, the raw line and its event.

import { h } from "./dom.js";
import { directionName, number, size, statusName, time, zoneName } from "./format.js";

/** Fills the panel; `address` opens an address. */
export function showDetails(panel, details, { targetName, close, address }) {
    const person = (name) => name && h("button", { type: "button", className: "link underlined", onclick: () => address(name) }, name);
    const fields = [
        ["Received", `${time(details.received)} ${zoneName()}`],
        ["Status", details.status && statusName(details.status)],
        ["Cause", details.cause],
        ["Sender", person(details.sender)],
        ["Recipient", person(details.recipient)],
        ["Direction", details.direction && directionName(details.direction)],
        ["Size", details.size >= 0 ? `${size(details.size)} (${number(details.size)} bytes)` : ""],
        ["From IP", details.sourceIp],
        ["To IP", details.destinationIp],
        ["Message ID", details.messageId],
        ["Trace ID", details.traceId],
        ["Read from", details.file && `${details.file}, line ${number(details.line)}`],
    ].filter(([, value]) => value);
    panel.replaceChildren(
        h("header", {}, h("h2", {}, details.subject || "No subject"), h("button", { type: "button", className: "quiet", onclick: close, "aria-label": "Close the details" }, "✕")),
        h("dl", {}, fields.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
        // A report has no raw lines, so that there is no event of one.
        ...(details.raw === undefined ? [] : [text(`Event as ${targetName}`, details.event, pretty(details.event)), text("Raw line", details.raw, details.raw.trim())]),
    );
    panel.hidden = false;
}

/** A text to read and to copy. */
export function text(title, whole, shown = whole) {
    const button = h("button", { type: "button", className: "small", "aria-label": `Copy: ${title}`, onclick: () => copy(button, whole) }, "Copy");
    return h("section", { className: "text" }, h("header", {}, h("h3", {}, title), button),
        h("pre", { tabIndex: 0, role: "region", "aria-label": title }, h("code", {}, shown)));
}

async function copy(button, whole) {
    const isCopied = await navigator.clipboard.writeText(whole).then(() => true, () => false);
    button.textContent = isCopied ? "Copied" : "Not allowed";
    setTimeout(() => (button.textContent = "Copy"), 2_000);
}

/** Indented, digits as they are: `JSON.parse` would round those of a large number. */
function pretty(json) {
    let depth = 0;
    return json.replace(/"(?:[^"\\]|\\.)*"|[{}[\],:]/gs, (token, at) => {
        const line = () => `\n${"  ".repeat(depth)}`;
        if (token === "{" || token === "[") return "]}".includes(json[at + 1]) ? token : ((depth += 1), token + line());
        if (token === "}" || token === "]") return "[{".includes(json[at - 1]) ? token : ((depth -= 1), line() + token);
        if (token === ",") return token + line();
        return token === ":" ? ": " : token;
    });
}
