// The worker: holds everything that was dropped on the page, and answers the page's calls.

import init, { Normalizer } from "../../../../dist/npm/index.js";
import { exampleFile } from "./example.js";
import { Exporter } from "./exporter.js";
import { readFile } from "./intake.js";
import { overview } from "./overview.js";
import { Query } from "./query.js";
import { Store } from "./store.js";

const store = new Store();
const query = new Query(store);
const exporter = new Exporter(store, query);
const questions = new Map();
let domains = [];
/** The end of the last call that changes the rows. */
let turn = Promise.resolve();

const calls = {
    /** Loads the module from its bytes. */
    start: (module) => init(module),

    /** Reads files, one after the other. Gives what became of each. */
    add: inTurn(async (files) => {
        const results = [];
        for (const file of files) results.push(await addFile(file));
        return results;
    }),

    /** Reads the rows that come with the page. */
    example: inTurn(async () => {
        domains = ["contoso.com"];
        return [await addFile(exampleFile())];
    }),

    clear: inTurn(() => {
        store.clear();
        query.reset();
    }),

    /** The organization's own domains; every row is read again, as its direction depends on them. */
    domains: inTurn((list) => {
        domains = list;
        query.reset();
        store.reread(normalizer(), (done) => post({ progress: done }));
    }),

    state: () => ({ rows: store.length, refused: store.refusals.length, domains, suggested: store.commonDomains() }),
    facets: () => store.facets(),
    query: (wanted) => query.run(wanted),
    rows: (from, to) => query.rows(from, to),
    position: (row) => query.position(row),
    details: (position, target) => exporter.details(query.at(position), target, domains),
    overview: (stack) => overview(store, stack),
    refusals: () => store.refusalReasons(),
    refusalRows: (from, to) => store.refusalRows(from, to),
    refusalDetails: (position) => store.refusalDetails(position),
    blob: (wanted) => exporter.blob(wanted, domains),
    text: (wanted) => exporter.text(wanted, domains),
};

/** A call that changes the rows: it waits for the one before. */
function inTurn(run) {
    return (...args) => {
        turn = turn.catch(() => {}).then(() => run(...args));
        return turn;
    };
}

async function addFile(file) {
    const before = { rows: store.length, refused: store.refusals.length };
    const source = store.addSource(file.name);
    query.reset();
    let problem;
    try {
        await readFile(file, store.sink(source, normalizer(), normalizer(true)), {
            ask,
            progress: (share) => post({ progress: share, file: file.name }),
        });
    } catch (error) {
        problem = error.message;
    }
    return {
        name: file.name,
        rows: store.length - before.rows,
        refused: store.refusals.length - before.refused,
        problem,
    };
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
