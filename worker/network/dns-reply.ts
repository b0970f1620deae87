/**
 * Writes answers to questions about names. A name is written once, and pointed to after that (RFC
 * 1035 §4.1.4): thirty addresses of a service fit into the 512 bytes that a client takes which says
 * nothing of itself. What does not fit is said to be more (TC, RFC 2181 §9) beside as much as fits,
 * and is all there over TCP (RFC 7766); resolvers that know nothing of TC use what they got.
 */
import { isIPv6 } from "node:net";

import * as packets from "dns-packet";
import ipaddr from "ipaddr.js";

import type { Transport } from "./dns-forward.js";

/** What a client takes over UDP without saying so (RFC 1035 §4.2.1), and the most we send. */
const UDP_BYTES = { least: 512, most: 1_232 } as const;
/** The length stands in two bytes before the message. */
const TCP_BYTES = 65_535;

export const RCODE = { ok: 0, formatError: 1, serverFailure: 2 } as const;
const FLAGS = {
  recursionDesired: 1 << 8,
  recursionAvailable: 1 << 7,
  authoritative: 1 << 10,
  truncated: 1 << 9,
} as const;

const FLAGS_AT = 2;
const ANSWER_COUNT_AT = 6;
const ADDITIONAL_COUNT_AT = 10;
/** To the name of the first question, which follows the header. */
const TO_QUESTION = 0xc00c;
const TYPE = { A: 1, AAAA: 28 } as const;
const CLASS_INTERNET = 1;
const RECORD_HEAD_BYTES = 12;

export interface Answered {
  readonly rcode: number;
  readonly addresses?: readonly string[];
  readonly others?: readonly packets.Answer[];
}

export function writeReply(
  query: packets.DecodedPacket,
  transport: Transport,
  { rcode, addresses = [], others = [] }: Answered,
): Buffer {
  const flags =
    FLAGS.recursionAvailable |
    FLAGS.authoritative |
    ((query.flags ?? 0) & FLAGS.recursionDesired) |
    rcode;
  const questions = query.questions?.slice(0, 1) ?? [];
  const packet = { type: "response", id: query.id ?? 0, flags, questions } as const;
  const limit = transport === "tcp" ? TCP_BYTES : udpLimit(query);
  const options = optionsFor(query);
  const head = packets.encode({ ...packet, answers: [...others] });
  const records = addresses.map(addressRecord);
  const fitting = firstWithin(records, limit - head.length - options.length);
  const message = Buffer.concat([head, ...fitting, options]);
  message.writeUInt16BE(others.length + fitting.length, ANSWER_COUNT_AT);
  if (options.length > 0) message.writeUInt16BE(1, ADDITIONAL_COUNT_AT);
  if (fitting.length < records.length)
    message.writeUInt16BE(message.readUInt16BE(FLAGS_AT) | FLAGS.truncated, FLAGS_AT);
  return message;
}

function firstWithin(records: readonly Buffer[], bytes: number): readonly Buffer[] {
  let left = bytes;
  const end = records.findIndex((record) => (left -= record.length) < 0);
  return end === -1 ? records : records.slice(0, end);
}

/** Nobody may keep it: its time to live is 0. */
function addressRecord(address: string): Buffer {
  const bytes = isIPv6(address) ? ipv6Bytes(address) : Buffer.from(address.split(".").map(Number));
  const head = Buffer.alloc(RECORD_HEAD_BYTES);
  head.writeUInt16BE(TO_QUESTION, 0);
  head.writeUInt16BE(isIPv6(address) ? TYPE.AAAA : TYPE.A, 2);
  head.writeUInt16BE(CLASS_INTERNET, 4);
  head.writeUInt16BE(bytes.length, RECORD_HEAD_BYTES - 2);
  return Buffer.concat([head, bytes]);
}

function ipv6Bytes(address: string): Buffer {
  return Buffer.from(ipaddr.parse(address).toByteArray());
}

function udpLimit(query: packets.DecodedPacket): number {
  const asked = optionsOf(query)?.udpPayloadSize ?? UDP_BYTES.least;
  return Math.min(Math.max(asked, UDP_BYTES.least), UDP_BYTES.most);
}

/** Who says something of himself is told something of us (RFC 6891 §6.1.1). */
function optionsFor(query: packets.DecodedPacket): Buffer {
  if (optionsOf(query) === undefined) return Buffer.alloc(0);
  // The root's name, the type OPT, what we take; neither flags nor options.
  return Buffer.from([0, 0, 41, UDP_BYTES.most >> 8, UDP_BYTES.most & 0xff, 0, 0, 0, 0, 0, 0]);
}

function optionsOf({ additionals = [] }: packets.DecodedPacket): packets.OptAnswer | undefined {
  return additionals.find(({ type }) => type === "OPT") as packets.OptAnswer | undefined;
}
