// The fixtures that every face of the normalizer passes.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { about } from "../../../dist/npm/node.js";

export const TARGETS = about().targets;
const folder = join(import.meta.dirname, "../../../fixtures");

const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".in.txt"))
    .map((name) => name.slice(0, -".in.txt".length).replaceAll("\\", "/")).sort();

/** Cases of one line, those with a revision too: all shelves but one. */
export const cases = read(names.filter((name) => !name.startsWith("batch/")));

/** Cases of the batch call. */
export const batches = read(names.filter((name) => name.startsWith("batch/")));

function read(names) {
    return names.map((name) => {
        const path = (ending) => join(folder, `${name}.${ending}`);
        const json = (ending) => (existsSync(path(ending)) ? JSON.parse(readFileSync(path(ending), "utf8")) : undefined);
        const revision = json("revision.json");
        return {
            name,
            input: readFileSync(path("in.txt")),
            options: json("options.json") ?? {},
            revision: revision && {
                sequence: revision.sequence,
                previousStatus: revision.previous_status,
                details: existsSync(path("details.txt")) ? readFileSync(path("details.txt"), "utf8") : undefined,
            },
            rejection: json("rejection.json"),
            rejections: json("rejections.json"),
            event: (target) => json(`${target}.json`),
            events: (target) => readFileSync(path(`${target}.ndjson`), "utf8").split("\n").filter(Boolean),
        };
    });
}

/** The values of a JSON text with the order of its keys: equal texts, equal events. */
export function inOrder(json) {
    return JSON.stringify(typeof json === "string" ? JSON.parse(json) : json);
}

/** A rejection as the fixtures keep it: where exactly a syntax error was found is not kept. */
export function kept({ line, reason, detail }) {
    return {
        ...(line !== undefined && { line }),
        reason,
        ...(detail !== undefined && reason !== "syntax" && { detail }),
    };
}
