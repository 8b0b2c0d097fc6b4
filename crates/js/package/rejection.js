// Why a line was refused.

/** Thrown for a line that gives no event. Holds a name, a count or an offset, never text from the line. */
export class Rejection extends Error {
    constructor({ reason, detail, message }) {
        super(message);
        this.name = "Rejection";
        this.reason = reason;
        if (detail !== undefined) this.detail = detail;
    }
}
