/** The shape of the events. */
export type Target = "sekoia" | "ecs" | "ocsf";

/** How lines become events. */
export interface Options {
    /** The shape of the events. Default: `sekoia`. */
    target?: Target;
    /** The organization's own mail domains, from which targets derive a direction. Default: none. */
    organizationDomains?: readonly string[];
    /** The tenant's id, written into every event by targets that have a field for it. Default: none. */
    tenantId?: string | null;
    /** Whether the event keeps the raw line; `sekoia` always keeps it. Default: true. */
    keepOriginal?: boolean;
    /** The longest line that is read, in bytes, without its line feed. Default: 1 048 576. */
    maxLineBytes?: number;
}

/** Why a line gives no event, by name. */
export type Reason =
    | "syntax"
    | "unknown-format"
    | "missing-field"
    | "invalid-field"
    | "envelope"
    | "too-long"
    | "too-deep";

/** A line of a batch that gave no event. */
export interface Rejected {
    /** The line in the batch or stream, counted from 1. All rows of an envelope have the number of its line. */
    line: number;
    reason: Reason;
    /**
     * The field's name (`missing-field`, `invalid-field`), the byte offset where reading stopped (`syntax`), the
     * number of rows (`envelope`) or the limit (`too-long`, `too-deep`); absent for `unknown-format`.
     */
    detail?: string | number;
    /** The same in words. */
    message: string;
}

/** Thrown for a line that gives no event. Holds a name, a count or an offset, never text from the line. */
export class Rejection extends Error {
    readonly name: "Rejection";
    readonly reason: Reason;
    readonly detail?: string | number;
}

/** What a batch became. */
export interface Batch {
    /**
     * The events in the order of their lines, each followed by a line feed. Yours to keep; its `buffer` may be longer.
     */
    events: Uint8Array;
    /** How many events. */
    count: number;
    /** The lines that gave none, in order. Lines of white space only are passed over, but counted. */
    rejections: Rejected[];
}

/** What a poller knows of a row that it delivers again: because it changed, or because its details came. */
export interface Revision {
    /** The event's sequence number, higher than that of every earlier delivery of the row: 0 to 2^64 - 1. */
    sequence: number | bigint;
    /** The status of the delivery before, as it was written; none if it is the same or not known. */
    previousStatus?: string | null;
    /**
     * What happened to the message: the answer of Graph's `getDetailsByRecipient` or of `MessageTraceDetail`, as JSON text,
     * as it came. It never costs the event.
     */
    details?: string | null;
}

/** What this package is. */
export interface About {
    version: string;
    ecsVersion: string;
    ocsfVersion: string;
    formats: string[];
    targets: Target[];
}

/** Text, or its UTF-8. Bytes that are not UTF-8 refuse their own line only. */
export type Lines = string | ArrayBuffer | ArrayBufferView;

/**
 * Loads the module. In Node it is loaded already, and nothing has to be awaited; elsewhere every other function
 * throws until this is done. Without an argument the module is read from beside the package's files.
 */
export function init(
    source?: string | URL | Request | Response | ArrayBuffer | ArrayBufferView | WebAssembly.Module
        | Promise<Response | ArrayBuffer | ArrayBufferView | WebAssembly.Module>,
): Promise<void>;
export default init;

/** Whether the module is loaded. */
export function ready(): boolean;

/** What this package is: version, versions of the targets' schemas, formats and targets by name. */
export function about(): About;

/**
 * Turns one line into one event. The line is taken as it is: a line feed at its end stays in the event's copy of it.
 * @throws {Rejection} the line gives no event
 */
export function normalize(line: Lines, options?: Options): string;

/**
 * Turns one line that was delivered before into its next event: it has changed since, or its details came.
 * @throws {Rejection} the line gives no event
 */
export function normalizeRevision(line: Lines, revision: Revision, options?: Options): string;

/** Turns lines into events: the fast way. One bad line never fails its batch. */
export function normalizeBatch(lines: Lines, options?: Options): Batch;

/** Turns lines into events under one set of options. */
export class Normalizer {
    /** @throws {TypeError} options that are none */
    constructor(options?: Options);
    /** @throws {Rejection} the line gives no event */
    normalize(line: Lines): string;
    /** @throws {Rejection} the line gives no event */
    normalizeRevision(line: Lines, revision: Revision): string;
    normalizeBatch(lines: Lines): Batch;
    /** Gives the module's memory back now; the garbage collector does it later. Not usable any more. */
    free(): void;
}

/** Options of a stream. */
export interface StreamOptions extends Options {
    /** Called for each line that gives no event; its number counts from the start of the stream. */
    onRejection?: (rejection: Rejected) => void;
    /** How many bytes without a line feed are kept before the stream fails. Default: 256 MiB. */
    maxPendingBytes?: number;
}

/**
 * From chunks of lines, text or bytes, cut anywhere, to chunks of events, each event followed by a line feed. What a
 * chunk completes comes out at once.
 */
export class NormalizeStream extends TransformStream<Lines, Uint8Array> {
    constructor(options?: StreamOptions);
}
