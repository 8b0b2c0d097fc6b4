// A headless Chromium with the page in it, from a file server that counts what it is asked for.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
];
export const pageFile = join(import.meta.dirname, "../../../dist/message-trace.html");

/** Chromium: `CHROMIUM`, else Debian's. */
export function launch() {
    return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
}

/** A file server on this machine that knows one file. */
export async function serve() {
    const requests = [];
    const server = createServer((request, response) => {
        requests.push(request.url);
        if (request.url !== "/message-trace.html") return void response.writeHead(404).end();
        response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(readFileSync(pageFile));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { url: `http://127.0.0.1:${server.address().port}/message-trace.html`, requests, close: () => server.close() };
}

/** The page, opened; `errors` gathers what its console and its policy complain about, `requests` what it asks for. */
export async function open(browser, url, settings = {}) {
    const context = await browser.newContext({ acceptDownloads: true, ...settings });
    const page = await context.newPage();
    const [errors, requests] = [[], []];
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(url);
    return { page, context, errors, requests };
}

/** Drops files on the page, as a person does: `{name: bytes}`. */
export async function drop(page, files) {
    const packed = Object.entries(files).map(([name, bytes]) => ({ name, bytes: Buffer.from(bytes).toString("base64") }));
    const transfer = await page.evaluateHandle((files) => {
        const transfer = new DataTransfer();
        for (const { name, bytes } of files) {
            transfer.items.add(new File([Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0))], name));
        }
        return transfer;
    }, packed);
    for (const type of ["dragenter", "dragover", "drop"]) await page.dispatchEvent("#main", type, { dataTransfer: transfer });
}
