// Files as people have them, each with the lines that it stands for.

import { gzipSync } from "node:zlib";

/** Rows of Graph. */
export const rows = [
    { id: "11111111-1111-4111-8111-111111111111", senderAddress: "alice@example.com", recipientAddress: "bob@example.org", receivedDateTime: "2026-01-05T10:30:00Z", subject: "Grüße 🎉", size: 1234, fromIP: "192.0.2.1", toIP: "", status: "delivered", messageId: "<1@example.com>" },
    { id: "22222222-2222-4222-8222-222222222222", senderAddress: "carol@example.net", recipientAddress: "alice@example.com", receivedDateTime: "2026-01-05T11:30:00.5Z", subject: "Invoice", size: 99, fromIP: "2001:db8::1", toIP: "", status: "failed", messageId: "<2@example.net>" },
    { id: "33333333-3333-4333-8333-333333333333", senderAddress: "<>", recipientAddress: "alice@example.com", receivedDateTime: "2026-01-06T00:00:00Z", subject: "", size: 0, fromIP: "", toIP: "", status: "pending", messageId: "<3@example.com>" },
];
const lines = rows.map((row) => JSON.stringify(row));
export const ndjson = `${lines.join("\n")}\n`;

const indented = rows.map((row) => JSON.stringify(row, null, 2));
const page = { "@odata.context": "https://graph.example.com/$metadata#messageTraces", value: rows, "@odata.nextLink": "https://graph.example.com/next" };

/** The cmdlet's columns, as Windows PowerShell exports them. */
export const cmdletCsv = [
    "#TYPE Selected.Microsoft.Exchange.Management.MessageTrace",
    '"Received","SenderAddress","RecipientAddress","Subject","Status","FromIP","ToIP","Size","MessageId","MessageTraceId"',
    '"13.06.2026 10:30:00","alice@example.com","bob@example.org","A ""quoted"" subject; with, marks","Delivered","192.0.2.1","","1234","<1@example.com>","11111111111141118111111111111111"',
    '"14.06.2026 09:05:01","carol@example.net","alice@example.com","Over\r\ntwo lines","Failed","","","not a number","<2@example.net>","22222222-2222-4222-8222-222222222222"',
    '"","dave@example.net","alice@example.com","No time","Failed","","","5","<3@example.net>",""',
].join("\r\n");
const cmdletLines = [
    '{"MessageId":"<1@example.com>","Received":"2026-06-13T10:30:00Z","SenderAddress":"alice@example.com","RecipientAddress":"bob@example.org","Subject":"A \\"quoted\\" subject; with, marks","Status":"Delivered","ToIP":null,"FromIP":"192.0.2.1","Size":1234,"MessageTraceId":"11111111111141118111111111111111"}',
    '{"MessageId":"<2@example.net>","Received":"2026-06-14T09:05:01Z","SenderAddress":"carol@example.net","RecipientAddress":"alice@example.com","Subject":"Over\\r\\ntwo lines","Status":"Failed","ToIP":null,"FromIP":null,"Size":"not a number","MessageTraceId":"22222222-2222-4222-8222-222222222222"}',
];

const enhancedCsv = [
    "origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,network_message_id,original_client_ip,directionality,connector_id,delivery_priority",
    "2026-01-20T12:34:56.789Z,alice@example.com,\"bob@example.org##Receive, Deliver;carol@example.net##Receive, Fail\",Report,2048,<4@example.com>,1341ac7b13fb42ab4d4408cf7f55890f,192.0.2.7,Originating,,Normal",
].join("\r\n");
const enhancedLines = [["bob@example.org", "Delivered"], ["carol@example.net", "Failed"]].map(([address, status]) =>
    `{"MessageId":"<4@example.com>","Received":"2026-01-20T12:34:56.789Z","SenderAddress":"alice@example.com","RecipientAddress":"${address}","Subject":"Report","Status":"${status}","ToIP":null,"FromIP":"192.0.2.7","Size":2048,"MessageTraceId":"1341ac7b13fb42ab4d4408cf7f55890f","original_client_ip":"192.0.2.7","directionality":"Originating","delivery_priority":"Normal"}`,
);

/** Only the first date leaves the order open; the last one proves it. */
export const ambiguous = [
    "Received,SenderAddress,RecipientAddress,Status",
    "05/06/2026 10:30:00,alice@example.com,bob@example.org,Delivered",
    "13/06/2026 10:30:00,alice@example.com,bob@example.org,Delivered",
].join("\n");

/** Text that is a formula in a spreadsheet, or an element in a page. */
export const hostile = ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\tx", '<img src=x onerror="globalThis.wasRun=1">', "</script><script>globalThis.wasRun=1</script>"]
    .map((text, at) => JSON.stringify({ ...rows[0], id: `11111111-1111-4111-8111-${String(at).padStart(12, "0")}`, senderAddress: text, subject: text, messageId: text }))
    .join("\n");

const utf16 = (text, mark = true) => Buffer.from((mark ? "\ufeff" : "") + text, "utf16le");

export const kinds = [
    { name: "NDJSON", files: { "a.ndjson": ndjson }, rows: 3, refused: 0, lines },
    { name: "NDJSON with a mark, CRLF, blank and broken lines", files: { "a.ndjson": `\ufeff${lines.join("\r\n\r\n")}\n{broken\n{"a":1}` }, rows: 3, refused: 2 },
    { name: "NDJSON in gzip", files: { "a.ndjson.gz": gzipSync(ndjson) }, rows: 3, refused: 0, lines },
    { name: "NDJSON in UTF-16, as PowerShell redirects it", files: { "a.json": utf16(ndjson) }, rows: 3, refused: 0, lines },
    { name: "a saved page on one line", files: { "page.json": JSON.stringify(page) }, rows: 3, refused: 0, lines },
    { name: "a saved page over many lines", files: { "page.json": JSON.stringify(page, null, 2) }, rows: 3, refused: 0 },
    { name: "pages one after the other", files: { "pages.json": `${JSON.stringify(page)}\n${JSON.stringify({ value: [] })}\n${JSON.stringify(page)}` }, rows: 3, refused: 0, duplicates: 3, lines },
    { name: "a page among lines", files: { "mixed.ndjson": `${lines[0]}\n${JSON.stringify(page)}\n{"value":[]}\n${lines[1]}` }, rows: 3, refused: 0, duplicates: 2, lines },
    { name: "a page that was cut off", files: { "page.json": JSON.stringify(page).slice(0, -120) }, rows: 2, refused: 1 },
    { name: "the cmdlet's JSON, an array over many lines", files: { "trace.json": `[\n${indented.join(",\n")}\n]` }, rows: 3, refused: 0 },
    { name: "one object over many lines", files: { "one.json": indented[0] }, rows: 1, refused: 0 },
    { name: "OData verbose", files: { "d.json": JSON.stringify({ d: { results: [{ __metadata: {}, Received: "/Date(1767609000000)/", Status: "Delivered" }] } }) }, rows: 1, refused: 0, lines: ['{"__metadata":{},"Received":"/Date(1767609000000)/","Status":"Delivered"}'] },
    { name: "CSV of the cmdlet, with a type line", files: { "trace.csv": cmdletCsv }, rows: 2, refused: 1, lines: cmdletLines },
    { name: "CSV of the cmdlet with semicolons", files: { "trace.csv": 'Received;SenderAddress;RecipientAddress;Subject\n2026-01-05 10:30:00;a@example.com;b@example.org;"One; two"\n' }, rows: 1, refused: 0 },
    { name: "CSV with blank, empty, short and long rows", files: { "trace.csv": "Received,RecipientAddress,Subject\n2026-01-20T12:34:57Z\n\n,,\n2026-01-20T12:34:57Z,a@example.com,x,more\n" }, rows: 2, refused: 1 },
    { name: "CSV with dates of every form", files: { "trace.csv": 'Received,RecipientAddress,Size\n"1/20/2026 1:02:03\u202fPM",a@example.com,007\n13/06/2026 10:30:00.5,"a@example.com;b@example.org",12.5\n31-12-2026,a@example.com,\n2026-01-20 12:34:56,,1\n' }, rows: 5, refused: 0 },
    { name: "CSV of the admin center in UTF-16 without a mark", files: { "MTSummary.csv": utf16(enhancedCsv, false) }, rows: 2, refused: 0, lines: enhancedLines },
    { name: "CSV in UTF-16 in gzip", files: { "MTSummary.csv.gz": gzipSync(utf16(enhancedCsv)) }, rows: 2, refused: 0, lines: enhancedLines },
    { name: "several files at once", files: { "a.ndjson": ndjson, "b.csv": enhancedCsv, "c.json": JSON.stringify(page) }, rows: 5, refused: 0, duplicates: 3 },
    { name: "a file that is something else", files: { "letter.txt": "Dear all,\nthis is a letter.\n" }, rows: 0, refused: 2 },
    { name: "a binary file, with one sentence instead of a thousand rejections", files: { "noise.bin": Uint8Array.from({ length: 60_000 }, (_, at) => (at * at * 7 + (at >> 3) * 31) % 251) }, rows: 0, refused: 0, problem: /It is no text/ },
    { name: "a workbook", files: { "trace.xlsx": Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(5000, "\n\x01ab")]) }, rows: 0, refused: 0, problem: /Save the sheet as CSV/ },
    { name: "an empty file", files: { "empty.ndjson": "" }, rows: 0, refused: 0 },
];
