// Compiles if the types say what the calls take and give; never runs.

import init, {
    Normalizer, NormalizeStream, Rejection, about, normalize, normalizeBatch, normalizeRevision,
    type Batch, type Options, type Reason, type Rejected, type Target,
} from "../../../../dist/npm/index.js";

const options: Options = { target: "ecs", organizationDomains: ["example.com"], keepOriginal: false };
await init(new URL("https://example.com/message-trace.wasm"));
await init(fetch("message-trace.wasm"));
const event: string = normalize("{}", options);
const batch: Batch = normalizeBatch(new Uint8Array(), options);
const rejected: Rejected | undefined = batch.rejections[0];
const again: string = normalizeRevision(event, { sequence: 3n, previousStatus: "pending" });
const targets: Target[] = about().targets;
new Normalizer(options).normalizeBatch(again).events.byteLength.toFixed();
const stream: ReadableStream<Uint8Array> = new Blob([targets.join(rejected?.message)])
    .stream()
    .pipeThrough(new NormalizeStream({ target: "ocsf", onRejection: ({ line }) => line.toFixed() }));
try {
    await stream.cancel();
} catch (error) {
    const reason: Reason | undefined = error instanceof Rejection ? error.reason : undefined;
    void reason;
}
// @ts-expect-error there is no such target
normalize("{}", { target: "xml" });
// @ts-expect-error there is no such option
normalize("{}", { colour: "red" });
