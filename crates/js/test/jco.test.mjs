// The component under jco gives what the fixtures say, and what the package gives, byte for byte.

import assert from "node:assert/strict";
import { test } from "node:test";
import { normalize, normalizeBatch } from "../examples/jco/normalizer.mjs";
import * as npm from "../../../dist/npm/node.js";
import { TARGETS, batches, cases, inOrder, kept } from "./fixtures.mjs";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

for (const target of TARGETS) {
    test(`every line becomes its event or its rejection: ${target}`, () => {
        let compared = 0;
        for (const { name, input, options, revision, rejection, event } of cases) {
            const text = decoder.decode(input);
            // The call takes text: bytes that are none go through the batch.
            if (!Buffer.from(text).equals(input)) continue;
            compared += 1;
            const run = () => normalize(text, { ...options, target }, revision);
            if (rejection) {
                assert.throws(run, (error) => {
                    assert.deepEqual(kept(error), rejection, name);
                    return true;
                });
            } else {
                assert.equal(inOrder(run()), inOrder(event(target)), name);
            }
        }
        assert.ok(compared > 150, `${compared} cases`);
    });

    test(`every batch becomes the package's, byte for byte: ${target}`, () => {
        for (const { name, input, options, rejections } of batches) {
            const batch = normalizeBatch(input, { ...options, target });
            const other = npm.normalizeBatch(input, { ...options, target });
            assert.deepEqual(Buffer.from(batch.events), Buffer.from(other.events), name);
            assert.deepEqual(batch.rejections.map(kept), rejections, name);
        }
    });
}
