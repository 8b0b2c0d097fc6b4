// Puts the npm package together: node build.mjs CORE FOLDER, with the folder of the generated glue and where to put it.

import { cpSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const root = join(here, "../..");
const [core, folder] = process.argv.slice(2);
if (!core || !folder) throw new Error("usage: node build.mjs CORE FOLDER");

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
cpSync(join(here, "package"), folder, { recursive: true });
copyFileSync(join(here, "README.md"), join(folder, "README.md"));
copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
copyFileSync(join(core, "core_bg.wasm"), join(folder, "message-trace.wasm"));
copyFileSync(join(core, "core.js"), join(folder, "core.js"));

// One version for all: the workspace's.
const [, version] = /^\[workspace\.package\]\nversion = "(.+)"$/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"));
const path = join(folder, "package.json");
const manifest = JSON.parse(readFileSync(path, "utf8"));
writeFileSync(path, `${JSON.stringify({ ...manifest, version }, null, 2)}\n`);
