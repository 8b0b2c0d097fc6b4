// One job of the conformance test by the functions of the npm package, or those of the component under jco; in Node and
// in the browser.

/** The answer to a job. With `isText` the host's line is text, as the component's is. */
export function answer({ normalize, normalizeBatch, normalizeRevision }, job, isText) {
    const input = Uint8Array.from(atob(job.input), (character) => character.charCodeAt(0));
    return job.call === "batch" ? batch(normalizeBatch, job, input) : one(normalize, normalizeRevision, job, input, isText);
}

function batch(normalizeBatch, job, input) {
    let [seconds, result] = [Infinity];
    for (let time = 0; time < job.times; time++) {
        const start = performance.now();
        result = normalizeBatch(input, job.options);
        seconds = Math.min(seconds, (performance.now() - start) / 1000);
    }
    return { events: base64(result.events), rejections: result.rejections.map(plain), seconds };
}

function one(normalize, normalizeRevision, job, input, isText) {
    let line = input;
    try {
        // A byte order mark is part of the line.
        if (isText) line = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(input);
    } catch {
        return { declined: "a line is text" };
    }
    try {
        const event = job.call === "line" ? normalize(line, job.options) : revision(normalize, normalizeRevision, job, line);
        return { events: base64(new TextEncoder().encode(event)), seconds: 0 };
    } catch (rejection) {
        if (rejection.reason === undefined) throw rejection;
        return { rejections: [plain({ line: 1, reason: rejection.reason, detail: rejection.detail })] };
    }
}

function revision(normalize, normalizeRevision, job, line) {
    const revision = {
        sequence: BigInt(job.sequence),
        previousStatus: job.previous_status,
        details: job.details,
    };
    return normalizeRevision ? normalizeRevision(line, revision, job.options) : normalize(line, job.options, revision);
}

// Without the message that the package adds for people.
function plain({ line, reason, detail }) {
    return detail === undefined || detail === null ? { line, reason } : { line, reason, detail };
}

function base64(bytes) {
    let text = "";
    for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return btoa(text);
}
