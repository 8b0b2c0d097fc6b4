// What people write without the package: the mapping of target `sekoia` by JSON.parse, an object and JSON.stringify.

import { isIP } from "node:net";

/** One row of Graph or of the Reporting Web Service to its event. Does less than the package: it refuses nothing. */
export function normalize(line) {
    const row = JSON.parse(line);
    const isGraph = row.receivedDateTime !== undefined;
    const source = address(isGraph ? row.fromIP : row.FromIP);
    const destination = isGraph ? address(row.toIP) : undefined;
    const related = [...new Set([source, destination].filter(Boolean).map(({ ip }) => ip))];
    const event = isGraph ? graph(row) : reporting(row);
    return JSON.stringify({
        message: line,
        event: { action: event.status || undefined, category: ["email"], type: ["info"] },
        "@timestamp": event.time,
        destination,
        email: {
            from: event.sender ? { address: [event.sender] } : undefined,
            message_id: event.messageId || undefined,
            subject: event.subject || undefined,
            to: event.recipient ? { address: [event.recipient] } : undefined,
        },
        network: event.network,
        office365: event.office365,
        organization: event.organization ? { name: event.organization } : undefined,
        related: related.length > 0 ? { ip: related } : undefined,
        source,
    });
}

function graph(row) {
    return {
        status: row.status,
        time: seconds(row.receivedDateTime),
        sender: row.senderAddress,
        recipient: row.recipientAddress,
        messageId: row.messageId?.replace(/^<(.*)>$/, "$1"),
        subject: row.subject,
        network: row.size == null ? undefined : { bytes: row.size },
    };
}

function reporting(row) {
    const milliseconds = /^\/Date\((-?\d+)/.exec(row.Received)?.[1];
    return {
        status: row.Status,
        time: seconds(milliseconds === undefined ? row.Received : new Date(Number(milliseconds)).toISOString()),
        sender: row.SenderAddress,
        recipient: row.RecipientAddress,
        messageId: row.MessageId,
        subject: row.Subject,
        organization: row.Organization,
        office365: { message_trace: { MessageTraceId: row.MessageTraceId, Size: row.Size } },
    };
}

function seconds(text) {
    const [, whole, fraction = ""] = /^(.{19})(?:\.(\d+))?/.exec(text) ?? [undefined, text];
    const micros = fraction.slice(0, 6).padEnd(6, "0");
    return micros === "000000" ? `${whole}Z` : `${whole}.${micros}Z`;
}

function address(text) {
    return text && isIP(text) ? { address: text, ip: text } : undefined;
}
