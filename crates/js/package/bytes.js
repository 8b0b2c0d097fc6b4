// Bytes, however they come.

/** The bytes of a buffer or of a view of one, without a copy. */
export function asBytes(value) {
    if (value instanceof Uint8Array) return value;
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    throw new TypeError("message-trace: expected text or bytes");
}

/** All parts in one. */
export function joined(parts) {
    if (parts.length === 1) return parts[0];
    const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
        whole.set(part, at);
        at += part.length;
    }
    return whole;
}
