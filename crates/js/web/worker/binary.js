// Files that are no text: one sentence instead of a thousand refused lines.

import { encodingOf } from "./bytes.js";

const LOOKED_AT = 4096;
// Text has hardly any control characters, and none that are no UTF-8.
const MOST = 0.05;
const SPREADSHEET = "It is a ZIP archive or a workbook (.xlsx). Save the sheet as CSV, or unpack the archive, and drop that.";
const KINDS = [
    [[0x50, 0x4b, 3, 4], SPREADSHEET],
    [[0xd0, 0xcf, 0x11, 0xe0], "It is a document of an older Office program. Save it as CSV, and drop that."],
    [[0x25, 0x50, 0x44, 0x46], "It is a PDF document, not an export of rows."],
    [[0x28, 0xb5, 0x2f, 0xfd], "It is packed with zstd. Unpack it first; gzip is unpacked here."],
    [[0x42, 0x5a, 0x68], "It is packed with bzip2. Unpack it first; gzip is unpacked here."],
    [[0x37, 0x7a, 0xbc, 0xaf], "It is a 7z archive. Unpack it first; gzip is unpacked here."],
    [[0x50, 0x41, 0x52, 0x31], "It is a Parquet file. This page reads NDJSON, JSON and CSV."],
];

/** Throws a sentence if a file that begins like this is no text. */
export function refuseBinary(first) {
    const kind = KINDS.find(([start]) => start.every((byte, at) => first[at] === byte));
    if (kind) throw new Error(kind[1]);
    if (encodingOf(first) !== "utf-8") return;
    const text = new TextDecoder().decode(first.subarray(0, LOOKED_AT));
    const strange = text.match(/[\0-\x08\x0e-\x1f\ufffd]/g)?.length ?? 0;
    if (strange > MOST * text.length) throw new Error("It is no text: none of its lines can be a row. This page reads NDJSON, JSON and CSV.");
}
