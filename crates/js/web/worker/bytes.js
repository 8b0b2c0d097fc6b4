// Bytes of files: joined, decoded, cut into lines.

export const LINE_FEED = 10;
const encoder = new TextEncoder();

/** UTF-8 without a mark, from bytes in the encoding that their beginning tells. */
export function asUtf8(bytes) {
    const encoding = encodingOf(bytes);
    if (encoding === "utf-8") return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
    return encoder.encode(new TextDecoder(encoding).decode(bytes));
}

/** The encoding by its mark or, where PowerShell and the admin center wrote none, by the zeros of UTF-16. */
export function encodingOf([first, second, third, fourth]) {
    if (first === 0xff && second === 0xfe) return "utf-16le";
    if (first === 0xfe && second === 0xff) return "utf-16be";
    if (first !== 0 && second === 0 && third !== 0 && (fourth === 0 || fourth === undefined)) return "utf-16le";
    if (first === 0 && second !== 0 && third === 0) return "utf-16be";
    return "utf-8";
}

export function join(parts) {
    if (parts.length === 1) return parts[0];
    const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
        whole.set(part, at);
        at += part.length;
    }
    return whole;
}

/** How many line feeds there are from `start` to `end`. */
export function lineFeeds(bytes, start, end) {
    let count = 0;
    for (let at = bytes.indexOf(LINE_FEED, start); at >= 0 && at < end; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1;
    return count;
}

export function isSpace(byte) {
    return byte === 32 || byte === 9 || byte === 10 || byte === 13;
}
