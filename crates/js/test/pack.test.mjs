// What a user gets from the registry: these files, and nothing that was forgotten.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const folder = join(import.meta.dirname, "../../../dist/npm");
const run = (command, args, cwd) => execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

test("the package holds its files and no others, and stays small", () => {
    const printed = JSON.parse(run("npm", ["pack", "--dry-run", "--json"], folder));
    // Newer versions of npm print an object by name.
    const [pack] = Array.isArray(printed) ? printed : Object.values(printed);
    assert.equal(pack.name, "message-trace");
    assert.deepEqual(pack.files.map(({ path }) => path).sort(), [
        "LICENSE", "README.md", "bytes.js", "core.js", "index.d.ts", "index.js", "message-trace.wasm", "module.js",
        "node.js", "normalizer.js", "options.js", "package.json", "rejection.js", "stream.js", "text.js",
    ]);
    assert.ok(pack.size < 200_000, `${pack.size} bytes packed`);
});

test("the module imports nothing but the glue, which reaches no network", async () => {
    const module = new WebAssembly.Module(readFileSync(join(folder, "message-trace.wasm")));
    const imports = WebAssembly.Module.imports(module);
    assert.ok(imports.every(({ module: from }) => from === "./core_bg.js"), JSON.stringify(imports));
    assert.ok(imports.length <= 4, JSON.stringify(imports));
});

test("a package that is installed as the README says is imported by its name, and the sample runs as pasted", () => {
    const project = mkdtempSync(join(tmpdir(), "message-trace-"));
    try {
        // A fresh folder: no package.json, no file to read.
        const readme = readFileSync(join(folder, "README.md"), "utf8");
        const [, install] = /```sh\n(npm install .+)\n```/.exec(readme);
        const command = install.replace("/path/to/message-trace/dist/npm", folder).split(" ");
        run(command[0], [...command.slice(1), "--offline", "--no-audit", "--no-fund"], project);
        const [, example] = /```js\n\/\/ node\n(.+?)```/s.exec(readme);
        writeFileSync(join(project, "example.mjs"), example);
        const said = run("node", ["example.mjs"], project);
        assert.match(said, /^\{"@timestamp":.+\n\n1 event\(s\)\nline 2: Received is missing\n$/);
    } finally {
        rmSync(project, { recursive: true, force: true });
    }
});
