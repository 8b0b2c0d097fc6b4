// The page: wires files, filters, views and the worker together.

import { withTerm } from "../common/terms.js";
import { Address } from "./address.js";
import { byId, Work } from "./dom.js";
import { DatesDialog, ExportDialog } from "./dialogs.js";
import { takeFiles } from "./drop.js";
import { ownDomains, showFiles, suggest } from "./files.js";
import { Filters } from "./filters.js";
import { number, setZone, several } from "./format.js";
import { Failures, Lists, Lookalikes } from "./lists.js";
import { Messages } from "./messages.js";
import { Overview } from "./overview.js";
import { moduleBytes, reportBlock, workerSource } from "./parts.js";
import { Rejections } from "./rejections.js";
import { Detections, Quality, showHead } from "./report.js";
import { note, showProgress } from "./says.js";
import { State } from "./state.js";
import { Tabs } from "./tabs.js";
import { TimeDialog } from "./time.js";

const dates = new DatesDialog();
const work = new Work(new Worker(URL.createObjectURL(new Blob([workerSource()], { type: "text/javascript" }))), {
    progress: ({ progress, file }) => showProgress(file ? `Reading ${file}…` : "Reading the rows again…", progress),
    ask: (question) => dates.ask(question),
});
const started = moduleBytes().then(([module, guard]) => work.call("start", module, guard));
const target = byId("target");
const state = new State((how) => show(how));
/** What is loaded, and how often it has changed. */
let [loaded, generation] = [undefined, 0];
let found = { count: 0, key: "" };

const looked = (changes) => state.go({ view: "messages", from: undefined, to: undefined, ...changes }, { isFocused: true });
const searched = (key, value) => withTerm(state.now.search, key, value);
const go = {
    /** One row, in the table of what is filtered; of all if it may be elsewhere. */
    open: async (row, isElsewhere) => {
        await (isElsewhere ? looked({ search: "" }) : state.go({ view: "messages" }));
        await messages.openRow(row);
    },
    address: (name) => state.go({ view: "address", address: name }, { isFocused: true }),
    /** Messages that fit terms as well as the filters. */
    messages: (terms) => state.go({ view: "messages", search: terms.reduce((search, [key, value]) => withTerm(search, key, value), state.now.search) }, { isFocused: true }),
    term: (key, sign = "") => (name) => state.go({ view: "messages", search: searched(key, sign + name) }, { isFocused: true }),
    /** The same view of what has the term. */
    search: (key, sign = "") => (name) => state.go({ search: searched(key, sign + name), ...(state.now.view === "address" && { view: "overview" }) }),
    failed: (key, sign = "") => (name) => state.go({ view: "messages", search: withTerm(searched("status", "failed"), key, sign + name) }, { isFocused: true }),
    /** Exactly these messages, whatever was filtered before. */
    look: ({ search, from, to }) => looked({ search, from, to }),
};

const tabs = new Tabs(byId("loaded").querySelector("[role=tablist]"), (view) => state.go({ view }));
const filters = new Filters(state);
const messages = new Messages(work, state, { target, address: go.address });
const views = {
    overview: new Overview(work, state, go),
    messages,
    lists: new Lists(work, state, go),
    failures: new Failures(work, state, go),
    lookalikes: new Lookalikes(work, state, go),
    address: new Address(work, state, go),
    rejections: new Rejections(work),
    detections: new Detections(state, () => loaded?.report, go.look),
    quality: new Quality(() => loaded?.report),
};
const exporting = new ExportDialog(work, () => ({ target, shown: found, isReport: loaded.report !== undefined }), note);
new TimeDialog(state, async () => {
    const { from, to } = await work.call("bounds");
    return [from, to];
});

let turn = 0;
/** Shows what the state says. */
async function show({ isFocused = false } = {}) {
    if (!loaded) return;
    const now = (turn += 1);
    const { search, from, to, sort, isDescending, zone } = state.now;
    setZone(zone);
    const key = JSON.stringify([generation, search, from, to, sort, isDescending]);
    if (key !== found.key) {
        const result = await work.call("query", { search, from, to, sort, isDescending });
        // Something later has taken over.
        if (now !== turn) return;
        found = { ...result, key };
    }
    const view = offered(state.now.view) ? state.now.view : "overview";
    byId("tab-address").querySelector("span").textContent = state.now.address || "Address";
    tabs.offer("address", view === "address");
    filters.show(found, loaded.report);
    showHead(loaded.report);
    tabs.mark(view);
    await views[view].show({ ...found, generation });
    if (now !== turn || !isFocused) return;
    if (views[view].focus) views[view].focus();
    else byId(view).focus();
}

function offered(view) {
    if (view === "rejections") return loaded.report === undefined;
    return !["detections", "quality"].includes(view) || loaded.report?.[view] !== undefined;
}

/** Changes what is loaded, and shows it. */
async function load(run, label) {
    showProgress(label, 0);
    try {
        await started;
        await run();
        await showAll();
    } catch (error) {
        note(error.message);
    } finally {
        showProgress();
    }
}

async function showAll() {
    const before = new Set(loaded?.sources.map(({ id }) => id));
    loaded = await work.call("state");
    generation += 1;
    const { rows, refused, duplicates, domains, sources, suggested, report } = loaded;
    if (sources.length === 0 && !report) return startOver();
    byId("welcome").hidden = true;
    byId("report-tables")?.remove();
    byId("loaded").hidden = false;
    byId("count-messages").textContent = number(rows);
    byId("count-rejections").textContent = number(refused);
    byId("count-rejections").classList.toggle("bad", refused > 0);
    byId("domains").value = domains.join(", ");
    applied = domains.join();
    byId("loaded").classList.toggle("is-report", report !== undefined);
    for (const view of ["rejections", "detections", "quality"]) tabs.offer(view, offered(view));
    byId("count-detections").textContent = number(report?.detections?.length ?? 0);
    showFiles(sources, (id) => void load(() => work.call("remove", id), "Reading the rows again…"));
    suggest(domains, suggested, (domain) => void setDomains([...ownDomains(), domain]));
    filters.facets(await work.call("facets"));
    const failed = sources.find(({ id, problem }) => problem && !before.has(id));
    if (failed) note(`${failed.name}: ${failed.problem}`);
    else note(`${several(rows, "message")}, ${duplicates > 0 ? `${several(duplicates, "duplicate")}, ` : ""}${several(refused, "rejection")}.`, true);
    if (rows === 0 && refused > 0 && !state.isFiltered) return state.go({ view: "rejections" });
    return show();
}

let applied = "";
async function setDomains(domains) {
    const list = [...new Set(domains.map((domain) => domain.toLowerCase()))];
    if (list.join() === applied) return;
    applied = list.join();
    await load(() => work.call("domains", list), "Reading the rows again…");
}

async function startOver() {
    await work.call("clear");
    state.reset();
    exporting.reset();
    messages.close();
    loaded = undefined;
    showHead(undefined);
    byId("loaded").hidden = true;
    byId("welcome").hidden = false;
    byId("choose").focus();
}

takeFiles((files) => void load(async () => {
    // Rows of files have what rows of a report have not: they are not mixed.
    if (loaded?.report) await work.call("clear");
    await work.call("add", files);
}, "Reading…"));
byId("example").addEventListener("click", () => void load(() => work.call("example"), "Reading…"));
byId("clear").addEventListener("click", () => void startOver());
byId("settings").addEventListener("submit", (event) => (event.preventDefault(), void setDomains(ownDomains())));
byId("domains").addEventListener("change", () => void setDomains(ownDomains()));
target.addEventListener("change", () => void messages.refreshDetails());
byId("export").addEventListener("click", () => void exporting.show());
document.querySelector(".skip").addEventListener("click", (event) => (event.preventDefault(), byId("main").focus()));

// What folds on a narrow screen is open on a wide one.
const isWide = matchMedia("(min-width: 44.01rem)");
const unfold = () => document.querySelectorAll(".fold").forEach((fold) => (fold.open = isWide.matches));
isWide.addEventListener("change", unfold);
unfold();

// The explanations close like a menu.
for (const menu of document.querySelectorAll(".menu")) {
    addEventListener("click", ({ target: clicked }) => !menu.contains(clicked) && (menu.open = false));
    menu.addEventListener("keydown", ({ key }) => {
        if (key !== "Escape") return;
        menu.open = false;
        menu.querySelector("summary").focus();
    });
}

const block = reportBlock();
// The tables are for where no script runs; if the data cannot be opened they stay.
if (block) void load(() => work.call("report", block), "Opening the report…");
