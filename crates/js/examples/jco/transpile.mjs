// What `jco transpile` does, by its library: node transpile.mjs COMPONENT FOLDER

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { transpileBytes } from "@bytecodealliance/jco-transpile";

const [component, folder] = process.argv.slice(2);
if (!component || !folder) throw new Error("usage: node transpile.mjs COMPONENT FOLDER");
const { files } = await transpileBytes(readFileSync(component), { name: "message-trace", outDir: folder });
for (const [path, bytes] of Object.entries(files)) {
    const target = path.startsWith(folder) ? path : join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, bytes);
}
