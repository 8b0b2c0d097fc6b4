// The worker: holds everything that was dropped on the page, and answers the page's calls.

import init, { Normalizer } from "../../../../dist/npm/index.js";
import { address } from "./address.js";
import { suggestions } from "./domains.js";
import { exampleFile } from "./example.js";
import { Exporter } from "./exporter.js";
import { findings } from "./findings.js";
import { readFile } from "./intake.js";
import { failures, lists } from "./lists.js";
import { startLookalikes } from "./lookalike.js";
import { lookalikes, protectedDomains } from "./lookalikes.js";
import { overview } from "./overview.js";
import { Query } from "./query.js";
import { fillStore, listsOf, overviewOf, unpackReport } from "./report.js";
import { Store } from "./store.js";

const store = new Store();
const query = new Query(store);
const exporter = new Exporter(store, query);
const questions = new Map();
let domains = [];
/** The report that was opened, without its rows. */
let report;
/** What is worth a look, computed once for the rows. */
let known;
/** The end of the last call that changes the rows. */
let turn = Promise.resolve();

const calls = {
    /** Loads both modules from their bytes. */
    start: (module, guard) => Promise.all([init(module), startLookalikes(guard)]),

    /** Reads files, one after the other. */
    add: inTurn(async (files) => {
        for (const file of files) await addFile(file);
    }),

    /** Reads the rows that come with the page. */
    example: inTurn(async () => {
        domains = ["contoso.com"];
        await addFile(exampleFile());
    }),

    /** Opens the data of a report. */
    report: inTurn(async (block) => {
        const { rows, ...rest } = await unpackReport(block);
        changed();
        fillStore(store, rows);
        report = { ...rest, rows: { count: rows.count, selection: rows.selection } };
        domains = rest.domains ?? [];
    }),

    /** Takes one file away again. */
    remove: inTurn((source) => {
        changed();
        store.removeSource(source, normalizer(), (done) => post({ progress: done }));
    }),

    clear: inTurn(() => {
        store.clear();
        [report, domains] = [undefined, []];
        changed();
    }),

    /** The organization's own domains; every row is read again, as its direction depends on them. */
    domains: inTurn((list) => {
        domains = list;
        changed();
        store.reread(normalizer(), (done) => post({ progress: done }));
    }),

    state: () => ({
        rows: store.rows.length, duplicates: store.length - store.rows.length, refused: store.refusals.length, domains,
        sources: store.sourceCounts(), suggested: suggestions(store), report,
    }),
    bounds: () => bounds(),
    facets: () => store.facets(),
    query: (wanted) => query.run(wanted),
    rows: (from, to) => query.rows(from, to),
    position: (row) => query.position(row),
    details: (position, target) => exporter.details(query.at(position), target, domains),
    overview: (wanted) => (isSummed("statuses") ? overviewOf(report.summary, wanted) : overview(store, query.found, wanted)),
    lists: () => (isSummed("topSenders") ? listsOf(report.summary) : lists(store, query.found)),
    failures: (zone) => (isSummed("failures") ? { ...report.summary.failures, isSummary: true } : failures(store, query.found, zone)),
    lookalikes: () => (isSummed("lookalikes") ? { isSummary: true, guarded: guarded(), found: report.summary.lookalikes }
        : { guarded: guarded(), found: lookalikes(store, query.found, guarded()) }),
    findings: () => (known ??= findings(store, domains, lookalikes(store, store.rows, guarded()))),
    address: (wanted) => address(store, store.rows, wanted),
    refusals: () => store.refusalReasons(),
    refusalRows: (from, to) => store.refusalRows(from, to),
    refusalDetails: (position) => store.refusalDetails(position),
    blob: (wanted) => exporter.blob(wanted, domains),
    text: (wanted) => exporter.text(wanted, domains),
};

/** Whether the report says a number for all messages, and nothing is filtered. */
function isSummed(member) {
    return !query.isFiltered && report?.summary?.[member] !== undefined;
}

/** The time of the first and of the last message that can be searched. */
function bounds() {
    let [from, to] = [Infinity, -Infinity];
    for (const row of store.rows) {
        from = Math.min(from, store.received.values[row]);
        to = Math.max(to, store.received.values[row]);
    }
    return from <= to ? { from, to } : { from: 0, to: 0 };
}

function guarded() {
    return report?.protected ?? protectedDomains(store, domains);
}

/** A call that changes the rows: it waits for the one before. */
function inTurn(run) {
    return (...args) => {
        turn = turn.catch(() => {}).then(() => run(...args));
        return turn;
    };
}

/** Forgets what was computed from the rows. */
function changed() {
    known = undefined;
    query.reset();
}

async function addFile(file) {
    const source = store.addSource(file.name);
    changed();
    try {
        await readFile(file, store.sink(source, normalizer(), normalizer(true)), {
            ask,
            progress: (share) => post({ progress: share, file: file.name }),
        });
    } catch (error) {
        store.sources[source].problem = error.message;
    }
    changed();
}

function normalizer(keepOriginal = false) {
    return new Normalizer({ target: "ecs", organizationDomains: domains, keepOriginal });
}

/** Asks the person before the page. */
function ask(question) {
    const id = crypto.getRandomValues(new Uint32Array(1))[0];
    post({ ask: id, question });
    return new Promise((resolve) => questions.set(id, resolve));
}

function post(message) {
    globalThis.postMessage(message);
}

globalThis.addEventListener("message", async ({ data }) => {
    if (data.answer !== undefined) {
        questions.get(data.answer)?.(data.value);
        questions.delete(data.answer);
        return;
    }
    const { id, name, args } = data;
    try {
        post({ id, value: await calls[name](...args) });
    } catch (error) {
        post({ id, error: error.message });
    }
});
