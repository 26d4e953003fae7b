/**
 * Tells secondaries of new zones (RFC 1996): once listening, and with every reload that raised a zone's serial. One that
 * does not answer is told again, at growing intervals, then left to its own refresh timer; a newer serial replaces an
 * older one that is still being told.
 *
 * | the serial is                    | what is done                                                          |
 * | -------------------------------- | --------------------------------------------------------------------- |
 * | of a zone that was not there     | told                                                                  |
 * | newer (RFC 1982)                 | told                                                                  |
 * | the same                         | nothing: to secondaries it is the same zone                           |
 * | older, or in no order            | a warning: secondaries will keep what they have                       |
 */

import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { setTimeout } from "node:timers/promises";
import { formatSocketAddress, type SocketAddress } from "../config/socket-address.ts";
import { buildMessage, type Message, parseMessage } from "../dns/message.ts";
import { formatName, nameKey } from "../dns/name.ts";
import { isNewerSerial } from "../dns/serial.ts";
import { appendTsig } from "../dns/tsig.ts";
import type { TsigKey } from "../dns/tsig-key.ts";
import { signRequest } from "../dns/tsig-sign.ts";
import { verifyResponse } from "../dns/tsig-verify.ts";
import { CLASS, formatRcode, OPCODE, RCODE, TYPE } from "../dns/types.ts";
import { keyedHash } from "../server/keyed-hash.ts";
import type { Zone } from "../zone/model.ts";
import type { Log, LogLimiter } from "./log.ts";
import type { NotifyResult } from "./secondary-counts.ts";

/** How long an answer is waited for, attempt by attempt: a minute in all. */
const NOTIFY_WAITS_MS: readonly number[] = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000];
/** Zones that one secondary is being told of at one time; the others wait. */
const MAX_UNDER_WAY = 32;
const MAX_ID = 0x1_0000;
const MS_PER_SECOND = 1_000;

export interface Secondary {
  readonly server: SocketAddress;
  readonly key: TsigKey | undefined;
}

export interface NotifierParts {
  readonly secondaries: readonly Secondary[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
  readonly limiter: LogLimiter;
  readonly count: (result: NotifyResult) => void;
  /** `NOTIFY_WAITS_MS` but in tests. */
  readonly waitsMs?: readonly number[];
}

export interface Notifier {
  /** These zones are served now. Nobody is told before `begin`. */
  zonesServed(zones: readonly Zone[]): void;
  /** Whoever is told from now on can transfer. */
  begin(): void;
  stop(): void;
}

/** One zone to tell one secondary of. */
interface Telling {
  readonly secondary: Secondary;
  readonly zone: Zone;
  readonly cancel: AbortController;
}

export function createNotifier(parts: NotifierParts): Notifier {
  const { log } = parts;
  const serials = new Map<string, number>();
  const outboxes = parts.secondaries.map((secondary) => new Outbox(secondary, parts));
  return {
    zonesServed(zones) {
      for (const zone of zones) {
        const apexKey = nameKey(zone.apex);
        const before = serials.get(apexKey);
        serials.set(apexKey, zone.serial);
        if (before === zone.serial) continue;
        if (before !== undefined && !isNewerSerial(zone.serial, before)) {
          const line = { event: "notify", zone: formatName(zone.apex), before, serial: zone.serial };
          log.warn(line, "a serial went back: secondaries keep the zone that they have");
          continue;
        }
        for (const outbox of outboxes) outbox.put(apexKey, zone);
      }
      for (const outbox of outboxes) outbox.proceed();
    },
    begin() {
      for (const outbox of outboxes) outbox.begin();
    },
    stop() {
      for (const outbox of outboxes) outbox.stop();
    },
  };
}

/** What one secondary is to be told of. Each has its own, so that none waits for another one that does not answer. */
class Outbox {
  readonly #secondary: Secondary;
  readonly #parts: NotifierParts;
  /** By zone, in the order in which they came. */
  readonly #waiting = new Map<string, Zone>();
  readonly #underWay = new Map<string, Telling>();
  #begun = false;

  constructor(secondary: Secondary, parts: NotifierParts) {
    this.#secondary = secondary;
    this.#parts = parts;
  }

  put(apexKey: string, zone: Zone): void {
    this.#underWay.get(apexKey)?.cancel.abort();
    this.#underWay.delete(apexKey);
    this.#waiting.set(apexKey, zone);
  }

  begin(): void {
    this.#begun = true;
    this.proceed();
  }

  proceed(): void {
    for (const [apexKey, zone] of this.#waiting) {
      if (!this.#begun || this.#underWay.size >= MAX_UNDER_WAY) return;
      this.#waiting.delete(apexKey);
      void this.#tell(apexKey, zone);
    }
  }

  stop(): void {
    this.#begun = false;
    this.#waiting.clear();
    for (const { cancel } of this.#underWay.values()) cancel.abort();
  }

  async #tell(apexKey: string, zone: Zone): Promise<void> {
    const telling = { secondary: this.#secondary, zone, cancel: new AbortController() };
    this.#underWay.set(apexKey, telling);
    await tell(telling, this.#parts);
    if (this.#underWay.get(apexKey) === telling) this.#underWay.delete(apexKey);
    this.proceed();
  }
}

/** Tells one secondary of one zone, and says in the log how that went. */
async function tell(telling: Telling, parts: NotifierParts): Promise<void> {
  const { secondary, zone, cancel } = telling;
  const { log, limiter, count, waitsMs = NOTIFY_WAITS_MS } = parts;
  const server = formatSocketAddress(secondary.server);
  const line = { event: "notify", zone: formatName(zone.apex), serial: zone.serial, server };
  let last = "no answer";
  for (const waitMs of waitsMs) {
    const outcome = await askOnce(telling, parts, waitMs);
    if (cancel.signal.aborted) return;
    if (outcome.kind === "answer") {
      const { rcode } = outcome;
      const isTold = rcode === RCODE.NOERROR;
      count(isTold ? "told" : "refused");
      const unreported = limiter.admit(`notify ${server} ${rcode}`);
      if (unreported === undefined) return;
      if (isTold) log.info({ ...line, unreported }, "a secondary knows of the zone");
      else log.warn({ ...line, rcode: formatRcode(rcode), unreported }, "a secondary refuses to be told");
      return;
    }
    last = outcome.reason;
  }
  count("unanswered");
  const unreported = limiter.admit(`notify ${server} ${last}`);
  if (unreported !== undefined) log.warn({ ...line, reason: last, unreported }, "a secondary cannot be told");
}

type Outcome =
  | { readonly kind: "answer"; readonly rcode: number }
  | { readonly kind: "none"; readonly reason: string };

/** Sends one datagram and takes the first answer to it that holds. Never rejects. */
async function askOnce(
  { secondary, zone, cancel }: Telling,
  parts: NotifierParts,
  waitMs: number,
): Promise<Outcome> {
  const { address, port } = secondary.server;
  const { octets, isAnswer } = notifyOf(zone, secondary.key, parts.now);
  const socket = createSocket({ type: isIPv6(address) ? "udp6" : "udp4" });
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, cancel.signal]);
  let reason = "no answer";
  try {
    return await Promise.race([
      answerFrom(socket, octets, { address, port }, isAnswer, (why) => {
        reason = why;
      }),
      setTimeout(waitMs, undefined, { signal }).then((): Outcome => ({ kind: "none", reason })),
    ]);
  } catch (error) {
    return { kind: "none", reason: error instanceof Error ? error.message : String(error) };
  } finally {
    over.abort();
    socket.close();
  }
}

/** The response code of a message that answers, or what is wrong with it. */
type IsAnswer = (message: Uint8Array) => number | string;

function answerFrom(
  socket: Socket,
  octets: Uint8Array,
  { address, port }: SocketAddress,
  isAnswer: IsAnswer,
  note: (why: string) => void,
): Promise<Outcome> {
  return new Promise((resolve) => {
    // A port where nobody listens makes itself heard; the rest of the wait is for one that begins to.
    socket.on("error", (error) => note(error.message));
    socket.on("message", (message) => {
      const answer = isAnswer(message);
      if (typeof answer === "number") resolve({ kind: "answer", rcode: answer });
      else note(answer);
    });
    // Connected: nobody else's datagrams are taken.
    socket.connect(port, address, () => {
      socket.send(octets, (error) => {
        if (error !== null) note(error.message);
      });
    });
  });
}

/** RFC 1996 §3.7: the zone's SOA as the question, and as a hint in the answer. */
function notifyOf(
  zone: Zone,
  key: TsigKey | undefined,
  now: () => number,
): { readonly octets: Uint8Array; readonly isAnswer: IsAnswer } {
  const id = randomInt(MAX_ID);
  const nowSeconds = (): number => Math.floor(now() / MS_PER_SECOND);
  const plain = buildMessage(messageOf(zone, id));
  const signed = key === undefined ? undefined : signRequest(plain, key, keyedHash, nowSeconds());
  const isAnswer: IsAnswer = (octets) => {
    const parsed = parseMessage(octets);
    if (!parsed.ok || parsed.message.id !== id || !parsed.message.isResponse) return "no answer";
    const { opcode, rcode } = parsed.message;
    if (opcode !== OPCODE.NOTIFY) return "no answer";
    if (key === undefined || signed === undefined) return rcode;
    const verdict = verifyResponse(octets, key, signed.mac, keyedHash, nowSeconds());
    return verdict.kind === "valid"
      ? rcode
      : `an answer whose signature does not hold: ${formatRcode(rcode)}`;
  };
  return { octets: signed === undefined ? plain : appendTsig(plain, signed.record), isAnswer };
}

function messageOf({ apex, soa }: Zone, id: number): Message {
  const [rdata = new Uint8Array(0)] = soa.rdatas;
  return {
    id,
    opcode: OPCODE.NOTIFY,
    rcode: RCODE.NOERROR,
    isResponse: false,
    isAuthoritative: true,
    isTruncated: false,
    recursionDesired: false,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    questions: [{ name: apex, type: TYPE.SOA, class: CLASS.IN }],
    answers: [{ owner: apex, type: TYPE.SOA, class: CLASS.IN, ttlSeconds: soa.ttlSeconds, rdata }],
    authorities: [],
    additionals: [],
    edns: undefined,
  };
}
