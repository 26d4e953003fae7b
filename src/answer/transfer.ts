/**
 * Zone transfers out (RFC 5936): a query for AXFR or IXFR and the zones as a server without health would serve them in,
 * the messages of the answer out, one by one as they are asked for. Whoever transfers a zone is known by a key *and* by
 * a network. The first row that applies wins; every answer to a signed query is signed, save as `dns/tsig-verify` says.
 *
 * | query                                            | answer                                             |
 * | ------------------------------------------------ | -------------------------------------------------- |
 * | malformed, or its TSIG is                        | FORMERR                                            |
 * | EDNS version above 0                             | BADVERS                                            |
 * | a TSIG that does not hold                        | NOTAUTH, and why                                   |
 * | no TSIG, or from a network that may not          | REFUSED                                            |
 * | a class other than IN                            | REFUSED                                            |
 * | a name that is no apex of ours                   | NOTAUTH (RFC 5936 §2.2.1)                          |
 * | more transfers under way than there may be       | SERVFAIL: the client tries again later             |
 * | IXFR without the client's SOA                    | FORMERR (RFC 1995 §3)                              |
 * | IXFR from our serial, or a newer one             | our SOA alone (RFC 1995 §2)                        |
 * | IXFR from an older serial; AXFR                  | the whole zone between two SOAs (RFC 1995 §4)      |
 *
 * Differences between versions are not kept: zones are small, and a secondary that is told by NOTIFY is never far behind.
 */

import { EDNS_VERSION } from "../dns/edns.ts";
import { EXTENDED_RCODE_SHIFT, FLAG, HEADER_OCTETS, RCODE_MASK } from "../dns/header.ts";
import { type Message, parseMessage, type Question } from "../dns/message.ts";
import { MessageWriter } from "../dns/message-writer.ts";
import { type Name, nameKey, ROOT } from "../dns/name.ts";
import type { RRset } from "../dns/rrset.ts";
import { isNewerSerial } from "../dns/serial.ts";
import { appendTsig } from "../dns/tsig.ts";
import type { KeyedHash, TsigKey } from "../dns/tsig-key.ts";
import { ResponseSigner } from "../dns/tsig-sign.ts";
import { type TsigVerdict, verifyRequest } from "../dns/tsig-verify.ts";
import { CLASS, RCODE, TYPE } from "../dns/types.ts";
import { MAX_TCP_ANSWER_OCTETS, MAX_UDP_ANSWER_OCTETS } from "./transport.ts";

export type { KeyedHash, TsigKey } from "../dns/tsig-key.ts";

/**
 * What a message is filled to. A pointer reaches no further (RFC 1035 §4.1.4), so longer ones would compress worse; and
 * it bounds what is done at a time: some 500 records. A record that is longer has a message of its own.
 */
export const TRANSFER_MESSAGE_OCTETS = 0x4000;

export interface TransferableZone {
  readonly serial: number;
  readonly soa: RRset;
  /** All of the zone, its SOA first and once; begins anew with every call. */
  rrsets(): Iterable<RRset>;
}

export interface TransferRules {
  readonly keys: readonly TsigKey[];
  readonly hash: KeyedHash;
  /** Seconds since the epoch. */
  readonly nowSeconds: () => number;
  /** By 4 or 16 octets. */
  mayTransfer(client: Uint8Array): boolean;
  /** The zone with that apex. */
  zoneAt(apex: Name): TransferableZone | undefined;
  /** Whether another transfer may begin. */
  hasRoom(): boolean;
}

export interface TransferAnswer {
  readonly rcode: number;
  /** What was asked for; `undefined` where that could not be read. */
  readonly question: Question | undefined;
  /** The key whose signature held. */
  readonly key: TsigKey | undefined;
  /** Whether it is the whole zone. */
  readonly isZone: boolean;
  readonly messages: Iterable<Uint8Array>;
}

/** Answers the query of a client of 4 or 16 octets; see the table above. Never throws for what the query says. */
export function answerTransfer(query: Uint8Array, client: Uint8Array, rules: TransferRules): TransferAnswer {
  const parsed = parseMessage(query);
  const message = parsed.ok ? parsed.message : undefined;
  const verdict = verifyRequest(query, rules.keys, rules.hash, rules.nowSeconds());
  const question = message?.questions[0];
  const key = verdict.kind === "valid" ? verdict.key : undefined;
  const head: ReplyHead = { query, message, question, signer: signerOf(verdict, rules) };
  const refuse = (rcode: number): TransferAnswer => ({
    rcode,
    question,
    key,
    isZone: false,
    messages: messagesOf(head, [], rcode),
  });
  if (message === undefined || question === undefined || verdict.kind === "malformed") {
    return refuse(RCODE.FORMERR);
  }
  if (message.edns !== undefined && message.edns.version > EDNS_VERSION) return refuse(RCODE.BADVERS);
  if (verdict.kind === "refused") return refuse(RCODE.NOTAUTH);
  if (verdict.kind === "unsigned" || !rules.mayTransfer(client)) return refuse(RCODE.REFUSED);
  if (question.class !== CLASS.IN) return refuse(RCODE.REFUSED);
  const zone = rules.zoneAt(question.name);
  if (zone === undefined) return refuse(RCODE.NOTAUTH);
  if (!rules.hasRoom()) return refuse(RCODE.SERVFAIL);
  const accept = (isZone: boolean, rrsets: Iterable<RRset>): TransferAnswer => ({
    rcode: RCODE.NOERROR,
    question,
    key,
    isZone,
    messages: messagesOf(head, rrsets, RCODE.NOERROR),
  });
  if (question.type === TYPE.IXFR) {
    const theirs = serialOf(message, question.name);
    if (theirs === undefined) return refuse(RCODE.FORMERR);
    if (!isNewerSerial(zone.serial, theirs)) return accept(false, [zone.soa]);
  }
  return accept(true, betweenSoas(zone));
}

function signerOf(verdict: TsigVerdict, rules: TransferRules): MessageSigner | undefined {
  if (verdict.kind === "unsigned" || verdict.kind === "malformed") return undefined;
  const signer = new ResponseSigner(verdict, rules.hash);
  return {
    octets: signer.recordOctets,
    sign: (message) => appendTsig(message, signer.sign(message, rules.nowSeconds())),
  };
}

/** The serial that an IXFR says its sender has (RFC 1995 §3). */
function serialOf({ authorities }: Message, apex: Name): number | undefined {
  const soa = authorities.find(({ type, owner }) => type === TYPE.SOA && nameKey(owner) === nameKey(apex));
  return soa === undefined ? undefined : serialOfSoa(soa.rdata);
}

/** SERIAL is the first of five numbers of 32 bits at the end (RFC 1035 §3.3.13). */
function serialOfSoa(rdata: Uint8Array): number {
  const view = new DataView(rdata.buffer, rdata.byteOffset, rdata.byteLength);
  return view.getUint32(rdata.length - 20);
}

function* betweenSoas(zone: TransferableZone): Generator<RRset, void> {
  yield* zone.rrsets();
  yield zone.soa;
}

interface MessageSigner {
  /** What a TSIG takes of a message. */
  readonly octets: number;
  /** Appends it. Messages are signed in the order in which they are sent. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** What the answer takes from its query. */
interface ReplyHead {
  readonly query: Uint8Array;
  /** `undefined` where the query is malformed. */
  readonly message: Message | undefined;
  readonly question: Question | undefined;
  readonly signer: MessageSigner | undefined;
}

/** One message at least, so that an answer without records is one too. */
function* messagesOf(head: ReplyHead, rrsets: Iterable<RRset>, rcode: number): Generator<Uint8Array, void> {
  const writer = new TransferWriter(head, rcode);
  writer.begin();
  for (const { owner, type, ttlSeconds, rdatas } of rrsets) {
    for (const rdata of rdatas) {
      if (writer.add(owner, type, ttlSeconds, rdata)) continue;
      if (!writer.isEmpty) {
        yield writer.end();
        writer.begin();
        if (writer.add(owner, type, ttlSeconds, rdata)) continue;
      }
      // What no message can hold cannot be asked for either; it is left out of the one as of the other.
      writer.addLong(owner, type, ttlSeconds, rdata);
    }
  }
  yield writer.end();
}

const COUNT_AT = { questions: 4, answers: 6, additionals: 10 } as const;
/** Root owner, TYPE, CLASS, TTL and RDLENGTH. */
const BARE_OPT_OCTETS = 11;

/** Fills the messages of one answer, one after the other. */
class TransferWriter {
  readonly #head: ReplyHead;
  readonly #rcode: number;
  readonly #writer = new MessageWriter();
  readonly #octets = new Uint8Array(MAX_TCP_ANSWER_OCTETS);
  #records = 0;
  /** Question and OPT go with the first message alone (RFC 5936 §2.2). */
  #isFirst = true;

  constructor(head: ReplyHead, rcode: number) {
    this.#head = head;
    this.#rcode = rcode;
  }

  get isEmpty(): boolean {
    return this.#records === 0;
  }

  begin(): void {
    const { question } = this.#head;
    this.#records = 0;
    this.#writer.reset(this.#octets, 0, TRANSFER_MESSAGE_OCTETS - this.#reserved);
    this.#writer.skip(HEADER_OCTETS);
    if (!this.#isFirst || question === undefined) return;
    this.#writer.writeName(question.name);
    this.#writer.writeUint16(question.type);
    this.#writer.writeUint16(question.class);
  }

  /** False where it does not fit any more. */
  add(owner: Name, type: number, ttlSeconds: number, rdata: Uint8Array): boolean {
    const fits = this.#writer.writeRecord(owner, 0, type, CLASS.IN, ttlSeconds, rdata);
    if (fits) this.#records++;
    return fits;
  }

  /** As `add`, in a message as long as one may be. */
  addLong(owner: Name, type: number, ttlSeconds: number, rdata: Uint8Array): boolean {
    this.#writer.setLimit(MAX_TCP_ANSWER_OCTETS - this.#reserved);
    const fits = this.add(owner, type, ttlSeconds, rdata);
    this.#writer.setLimit(TRANSFER_MESSAGE_OCTETS - this.#reserved);
    return fits;
  }

  /** The message as it is sent: a copy. */
  end(): Uint8Array {
    const { query, question, signer } = this.#head;
    const writer = this.#writer;
    const hasOpt = this.#hasOpt;
    if (hasOpt) {
      writer.setLimit(MAX_TCP_ANSWER_OCTETS);
      const ttl = (this.#rcode >>> EXTENDED_RCODE_SHIFT) * 0x100_0000;
      writer.writeRecord(ROOT, 0, TYPE.OPT, MAX_UDP_ANSWER_OCTETS, ttl, new Uint8Array(0));
    }
    this.#octets.set(query.subarray(0, 2));
    writer.setUint16(2, this.#flags());
    writer.setUint16(COUNT_AT.questions, this.#isFirst && question !== undefined ? 1 : 0);
    writer.setUint16(COUNT_AT.answers, this.#records);
    writer.setUint16(COUNT_AT.answers + 2, 0);
    writer.setUint16(COUNT_AT.additionals, hasOpt ? 1 : 0);
    const message = this.#octets.slice(0, writer.length);
    this.#isFirst = false;
    return signer === undefined ? message : signer.sign(message);
  }

  get #hasOpt(): boolean {
    return this.#isFirst && this.#head.message?.edns !== undefined;
  }

  get #reserved(): number {
    return (this.#hasOpt ? BARE_OPT_OCTETS : 0) + (this.#head.signer?.octets ?? 0);
  }

  #flags(): number {
    const { message } = this.#head;
    const aa = this.#rcode === RCODE.NOERROR ? FLAG.AA : 0;
    const rd = message?.recursionDesired === true ? FLAG.RD : 0;
    return FLAG.QR | aa | rd | (this.#rcode & RCODE_MASK);
  }
}
