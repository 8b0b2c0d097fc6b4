// The npm package in a headless Chromium, as a page of yours would load it, from a file server of this machine.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";

const { chromium } = createRequire(new URL("../../js/package.json", import.meta.url))("playwright-core");
const PACKAGE = join(import.meta.dirname, "../../../dist/npm");
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/** A page with the package in it. */
export async function open() {
    const server = createServer(serve);
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM,
        args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"],
    });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.evaluate(async () => {
        const [{ answer }, module] = await Promise.all([import("/calls.mjs"), import("/index.js")]);
        await module.default();
        globalThis.answer = (job) => answer(module, job, false);
    });
    return {
        answer: (job) => page.evaluate((job) => globalThis.answer(job), job),
        close: async () => {
            await browser.close();
            server.close();
        },
    };
}

async function serve(request, response) {
    const path = new URL(request.url, "http://127.0.0.1").pathname;
    if (path === "/") return void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
    // No path leads out of the package: an address has no `..` in it any more.
    const file = path === "/calls.mjs" ? join(import.meta.dirname, path) : join(PACKAGE, normalize(path));
    try {
        const bytes = await readFile(file);
        response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(bytes);
    } catch {
        response.writeHead(404).end();
    }
}
