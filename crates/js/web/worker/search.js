// Which texts a term of a search finds. An address or an IP is found as a whole: 203.0.113.5 is not within 203.0.113.50.

import { domainOf } from "./domains.js";
import { DIRECTIONS } from "./store.js";

const IP4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const IP6 = /^(?=.*:.*:)[0-9a-f:]+(?:\d{1,3}(?:\.\d{1,3}){3})?$/;
const ADDRESS = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;
const WORD = /[\p{L}\p{N}]/u;

/** The columns that a word without a key is sought in. */
const ANYWHERE = ["sender", "recipient", "subject", "messageId", "traceId", "sourceIp", "destinationIp", "status", "cause"];

/** What a term means: the columns it looks at, and a test of a text in lower case. A direction has a number instead. */
export function meaningOf({ key, value }) {
    const wanted = value.toLowerCase();
    switch (key) {
        case "from": return { columns: ["sender"], test: addressTest(wanted) };
        case "to": return { columns: ["recipient"], test: addressTest(wanted) };
        case "domain": return { columns: ["sender", "recipient"], test: domainTest(wanted) };
        case "ip": return { columns: ["sourceIp", "destinationIp"], test: ipTest(wanted) };
        case "status": return { columns: ["status"], test: statusTest(wanted) };
        case "direction": return { direction: DIRECTIONS.indexOf(["unknown", "none"].includes(wanted) ? "" : wanted) };
        case "subject": return { columns: ["subject"], test: (text) => text.includes(wanted) };
        case "id": return { columns: ["messageId", "traceId"], test: idTest(wanted) };
        case "cause": return { columns: ["cause"], test: (text) => text.includes(wanted) };
        default: return { columns: ANYWHERE, test: wordTest(wanted) };
    }
}

/** A whole address; `@example.com` for a domain; anything else is a part of an address. */
function addressTest(wanted) {
    if (wanted === "none") return (text) => text === "";
    if (wanted.startsWith("@")) return (text) => text.endsWith(wanted);
    if (wanted.includes("@") || wanted === "<>") return (text) => text === wanted;
    return (text) => text.includes(wanted);
}

/** A whole domain; `*.example.com` for those below it. */
function domainTest(wanted) {
    if (wanted.startsWith("*.")) return (text) => text.endsWith(wanted.slice(1));
    const domain = wanted.replace(/^@/, "");
    return (text) => domainOf(text) === domain;
}

function statusTest(wanted) {
    const status = wanted === "none" ? "" : wanted.replaceAll(" ", "-");
    return (text) => text === status;
}

function idTest(wanted) {
    const id = wanted.replace(/^<|>$/g, "");
    return (text) => text === wanted || text === id;
}

function wordTest(wanted) {
    if (IP4.test(wanted) || IP6.test(wanted)) {
        const isIp = ipTest(wanted);
        return (text) => isIp(text) || isWithin(text, wanted);
    }
    return ADDRESS.test(wanted) ? (text) => isWithin(text, wanted) : (text) => text.includes(wanted);
}

/** Whether a text has the wanted one as a whole: nothing that would make it longer stands before or after. */
function isWithin(text, wanted) {
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
        const end = at + wanted.length;
        const before = extends_(text[at - 1], text[at - 2]);
        const after = extends_(text[end], text[end + 1]);
        if (!before && !after) return true;
    }
    return false;
}

/** Whether a character makes an address or an IP longer; a full stop or a colon does before a further letter only. */
function extends_(character, further) {
    if (character === undefined) return false;
    if (".:".includes(character)) return further !== undefined && WORD.test(further);
    return WORD.test(character) || "@_+-".includes(character);
}

/** An IP in any spelling, or those of a network: `203.0.113.0/24`. What is neither finds nothing. */
function ipTest(wanted) {
    const [address, length] = wanted.split("/");
    const ip = numberOf(address);
    if (ip === undefined) return () => false;
    if (length === undefined) return (text) => text === wanted || same(numberOf(text), ip);
    const bits = Number(length);
    if (!/^\d{1,3}$/.test(length) || bits > ip.bits) return () => false;
    const shift = BigInt(ip.bits - bits);
    return (text) => {
        const other = numberOf(text);
        return other?.bits === ip.bits && other.value >> shift === ip.value >> shift;
    };
}

const same = (one, other) => one !== undefined && one.bits === other.bits && one.value === other.value;

/** An IP as a number with its length; `undefined` if it is none. */
export function numberOf(text) {
    if (IP4.test(text)) {
        const parts = text.split(".").map(Number);
        return parts.every((part) => part < 256) ? { bits: 32, value: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n) } : undefined;
    }
    if (!IP6.test(text)) return undefined;
    const dotted = /^(.*:)(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text);
    if (dotted) {
        const last = numberOf(dotted[2])?.value;
        return last === undefined ? undefined : numberOf(`${dotted[1]}${(last >> 16n).toString(16)}:${(last & 0xffffn).toString(16)}`);
    }
    const [head, tail, ...more] = text.split("::");
    if (more.length > 0) return undefined;
    const before = head ? head.split(":") : [];
    const behind = tail ? tail.split(":") : [];
    const missing = 8 - before.length - behind.length;
    if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
    const groups = [...before, ...Array(missing).fill("0"), ...behind];
    if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return undefined;
    return { bits: 128, value: groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n) };
}
