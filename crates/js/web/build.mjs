// Makes the page, one file, and the template of the report out of the same parts: node web/build.mjs FOLDER, after the
// package is in dist/npm. Everything is inside, and the policy names what may run by its hash, so that the page works from
// a disk as well as from a server. What is put into the template is data: see REPORT.md.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import esbuild from "esbuild";

const here = import.meta.dirname;
const [folder] = process.argv.slice(2);
if (!folder) throw new Error("usage: node web/build.mjs FOLDER");

const worker = bundle("worker/worker.js");
const app = bundle("app/main.js");
const style = esbuild.buildSync({ entryPoints: [join(here, "style/style.css")], bundle: true, minify: true, write: false }).outputFiles[0].text.trim();
const module = packed("npm/message-trace.wasm");
const guard = packed("page/core_bg.wasm");

// No connection, no form, no frame, no base; a worker out of this page alone; WebAssembly, but no `eval`.
const policy = [
    "default-src 'none'",
    `script-src 'sha256-${hash(app)}' 'wasm-unsafe-eval'`,
    `style-src 'sha256-${hash(style)}'`,
    "worker-src blob:",
    "img-src data:",
    "connect-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
].join("; ");

const parts = {
    policy: `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    style: `<style>${style}</style>`,
    // A block of data: the type keeps it from running, and the policy has no hash of it.
    script: `<script type="text/plain" id="part-worker">${worker}</script>\n<script type="text/plain" id="part-module">${module}</script>\n<script type="text/plain" id="part-guard">${guard}</script>\n<script>${app}</script>`,
};
write("message-trace.html", {
    ...parts,
    title: "message-trace: look into a Microsoft 365 message trace",
    tables: "",
    welcome: "",
    noscript: '<noscript><p class="lead">This page works with JavaScript only: it reads your files in the browser.</p></noscript>',
});
// Its tables are there from the start; the script hides them.
write("message-trace-report-template.html", {
    ...parts,
    title: "<!--report:title-->",
    tables: '<article id="report-tables" class="tables"><!--report:tables--></article>',
    welcome: " hidden",
    noscript: "",
    script: `<script type="application/json" id="report"><!--report:data--></script>\n${parts.script}`,
});

function write(name, marks) {
    let page = readFileSync(join(here, "index.html"), "utf8");
    for (const [mark, text] of Object.entries(marks)) page = page.replace(`<!--${mark}-->`, () => text);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), page);
    console.log(`${join(folder, name)}: ${page.length} characters`);
}

function bundle(entry) {
    const { outputFiles } = esbuild.buildSync({
        entryPoints: [join(here, entry)],
        bundle: true,
        minify: true,
        format: "iife",
        target: "es2022",
        charset: "utf8",
        legalComments: "none",
        write: false,
        // The module comes from the page, never from an address.
        define: { "import.meta.url": '"about:blank"' },
    });
    const script = outputFiles[0].text.trim();
    if (/<\/script|<!--/i.test(script)) throw new Error(`${entry}: its script would end the element that holds it`);
    return script;
}

/** A module out of `dist`, in gzip in base64. */
function packed(path) {
    return gzipSync(readFileSync(join(here, "../../../dist", path)), { level: 9 }).toString("base64");
}

function hash(text) {
    return createHash("sha256").update(text).digest("base64");
}
