// Strings into the module's memory and out of it, each the fastest way the host has.

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
// A UTF-16 code unit becomes three bytes of UTF-8 at most.
const MAX_BYTES_PER_UNIT = 3;
const Buffer = globalThis.Buffer;

/** The most bytes that a string can have. */
export function mostBytes(text) {
    return text.length * MAX_BYTES_PER_UNIT;
}

/** A writer and a reader of strings in that memory. */
export const textIn = typeof Buffer?.prototype?.latin1Slice === "function" ? nodeText : webText;

function nodeText(memory) {
    // Node's buffers write and read strings without the set-up of an encoder's call.
    const buffer = Buffer.from(memory);
    return {
        write: (text, at) => buffer.utf8Write(text, at, mostBytes(text)),
        read: (at, length, isAscii) =>
            isAscii ? buffer.latin1Slice(at, at + length) : buffer.utf8Slice(at, at + length),
    };
}

function webText(memory) {
    const bytes = new Uint8Array(memory);
    return {
        write: (text, at) => encoder.encodeInto(text, bytes.subarray(at, at + mostBytes(text))).written,
        read: (at, length) => decoder.decode(bytes.subarray(at, at + length)),
    };
}
