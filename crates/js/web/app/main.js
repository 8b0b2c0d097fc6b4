// The page: wires files, views and the worker together.

import { byId, h, Work } from "./dom.js";
import { DatesDialog, ExportDialog } from "./dialogs.js";
import { several, number } from "./format.js";
import { Messages } from "./messages.js";
import { Overview } from "./overview.js";
import { Rejections } from "./rejections.js";
import { Tabs } from "./tabs.js";
import { moduleBytes, workerSource } from "./parts.js";

const dates = new DatesDialog();
const work = new Work(new Worker(URL.createObjectURL(new Blob([workerSource()], { type: "text/javascript" }))), {
    progress: ({ progress, file }) => showProgress(file ? `Reading ${file}…` : "Reading the rows again…", progress),
    ask: (question) => dates.ask(question),
});
const started = moduleBytes().then((bytes) => work.call("start", bytes));
const files = [];
const target = byId("target");

const tabs = new Tabs(byId("loaded").querySelector("[role=tablist]"), (name) => views[name].show());
const messages = new Messages(work, target);
const overview = new Overview(work, {
    filter: (wanted) => (tabs.select("messages"), messages.filter(wanted)),
    open: async (row) => (tabs.select("messages"), await messages.filter({}), await messages.openRow(row)),
});
const rejections = new Rejections(work);
const views = { overview, messages, rejections };
const exporting = new ExportDialog(work, () => ({ target, shown: messages.shown }), note);

/** Reads files and shows what they hold. */
async function load(run, label) {
    showProgress(label, 0);
    try {
        await started;
        const results = await run();
        files.push(...results);
        for (const { name, problem } of results) if (problem) note(`${name}: ${problem}`);
        await showAll();
    } catch (error) {
        note(error.message);
    } finally {
        showProgress();
    }
}

async function showAll() {
    const { rows, refused, domains, suggested } = await work.call("state");
    byId("welcome").hidden = true;
    byId("loaded").hidden = false;
    byId("count-messages").textContent = number(rows);
    byId("count-rejections").textContent = number(refused);
    byId("count-rejections").classList.toggle("bad", refused > 0);
    byId("domains").value = domains.join(", ");
    showFiles();
    suggest(domains, suggested);
    for (const view of Object.values(views)) await view.changed();
    tabs.select(rows === 0 && refused > 0 ? "rejections" : tabs.selected);
    note(`${several(rows, "message")}, ${several(refused, "rejection")}.`, true);
}

function showFiles() {
    byId("files").replaceChildren(...files.map(({ name, rows, refused, problem }) =>
        h("li", { className: problem ? "bad" : "" }, h("strong", {}, name), h("span", {},
            problem ?? `${several(rows, "message")}${refused ? `, ${several(refused, "rejection")}` : ""}`))));
}

/** Without domains there is no direction: offers those that most messages have. */
function suggest(domains, suggested) {
    const place = byId("suggestions");
    place.hidden = domains.length > 0 || suggested.length === 0;
    place.replaceChildren("Which are yours? They tell inbound from outbound: ", ...suggested.map((domain) =>
        h("button", { type: "button", className: "chip", onclick: () => setDomains([...ownDomains(), domain]) }, domain)));
}

const ownDomains = () => byId("domains").value.split(/[\s,;]+/).filter(Boolean);

let applied = "";
async function setDomains(domains) {
    const list = [...new Set(domains)];
    if (list.join() === applied) return;
    applied = list.join();
    showProgress("Reading the rows again…", 0);
    await work.call("domains", list);
    await showAll();
    showProgress();
}

let waiting;
function showProgress(text, share = 0) {
    clearTimeout(waiting);
    if (text === undefined) return void (byId("progress").hidden = true);
    byId("progress-bar").value = share;
    byId("progress-text").textContent = text;
    // What is quick needs no sign of life.
    waiting = setTimeout(() => (byId("progress").hidden = false), 120);
}

let fading;
function note(text, isQuiet = false) {
    const place = byId("note");
    place.textContent = text;
    place.classList.toggle("quiet", isQuiet);
    clearTimeout(fading);
    fading = setTimeout(() => (place.textContent = ""), 8_000);
}

const input = byId("input");
for (const id of ["choose", "add"]) byId(id).addEventListener("click", () => input.click());
input.addEventListener("change", () => {
    const chosen = [...input.files];
    input.value = "";
    if (chosen.length > 0) void load(() => work.call("add", chosen), "Reading…");
});
byId("example").addEventListener("click", () => {
    applied = "contoso.com";
    void load(() => work.call("example"), "Reading…");
});
byId("clear").addEventListener("click", async () => {
    await work.call("clear");
    await work.call("domains", []);
    [files.length, applied] = [0, ""];
    messages.close();
    tabs.select("overview");
    byId("loaded").hidden = true;
    byId("welcome").hidden = false;
    byId("choose").focus();
});
byId("settings").addEventListener("submit", (event) => {
    event.preventDefault();
    void setDomains(ownDomains());
});
byId("domains").addEventListener("change", () => void setDomains(ownDomains()));
target.addEventListener("change", () => void messages.refreshDetails());
byId("export").addEventListener("click", () => exporting.show());

let inside = 0;
addEventListener("dragenter", (event) => (event.preventDefault(), (inside += 1), (byId("over").hidden = false)));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("dragleave", () => ((inside -= 1), inside <= 0 && (byId("over").hidden = true)));
addEventListener("drop", (event) => {
    event.preventDefault();
    inside = 0;
    byId("over").hidden = true;
    const dropped = [...event.dataTransfer.files];
    if (dropped.length > 0) void load(() => work.call("add", dropped), "Reading…");
});

// The explanation closes like a menu.
const privacy = document.querySelector(".privacy");
addEventListener("click", ({ target: clicked }) => !privacy.contains(clicked) && (privacy.open = false));
privacy.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    privacy.open = false;
    privacy.querySelector("summary").focus();
});
