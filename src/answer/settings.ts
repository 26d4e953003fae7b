/**
 * What the answer path is set to, beside the image: plain data, made by the daemon from the configuration, cloned to every
 * thread that answers. A thread gets settings and image together, at its start and whenever either has changed, so that
 * one never waits for the other; the answer path finds them in a cell and looks, once a query, whether it holds others.
 *
 * ```
 * daemon                                         each thread that answers
 * configuration, secret file ──→ AnswerSettings ─┐
 *                                                ├─ PublishedAnswers ─→ openImage(image), cell.current = settings
 * zones, health ──→ Image ─→ PublishedImage ─────┘
 * ```
 */

import type { TsigKey } from "../dns/tsig-key.ts";
import type { PublishedImage } from "../image/open-image.ts";

/** What a thread that answers is handed; the thread's own path takes it apart. */
export interface PublishedAnswers {
  readonly image: PublishedImage;
  readonly settings: AnswerSettings;
}

/** Where a thread's answer path finds its settings: replaced as a whole, never changed inside. */
export interface SettingsCell {
  current: AnswerSettings;
}

export interface AnswerSettings {
  /** RFC 5001: who answered; the node's name. At most MAX_NSID_OCTETS are sent. */
  readonly nsid: Uint8Array;
  /** Nothing but what answers the question; false: the zone's NS records and the addresses of names in records too. */
  readonly minimalResponses: boolean;
  /** How long a connection may be idle, as its server enforces it and as clients that ask are told (RFC 7828). */
  readonly keepaliveMs: number;
  /** What `version.bind` and `version.server` are answered (class CH, type TXT); `undefined`: REFUSED. */
  readonly serverVersion: string | undefined;
  /** Likewise `id.server` and `hostname.bind` (RFC 4892). */
  readonly serverId: string | undefined;
  /** 16 octets each: the first signs, all are accepted (RFC 9018 §5). None: cookies are not answered. */
  readonly cookieSecrets: readonly Uint8Array[];
  /** `undefined`: every query is answered. */
  readonly rateLimit: RateLimitSettings | undefined;
  /** `undefined`: nobody may ask. */
  readonly explain: ExplainSettings | undefined;
  /** Who may sign queries (RFC 8945), those for transfers among them. */
  readonly tsigKeys: readonly TsigKey[];
  /** The zone files are faulty, and an earlier set is served. */
  readonly isStale: boolean;
}

/** A network of clients: 4 or 16 octets of address, of which the first `prefixBits` bits count. */
export interface ClientNetwork {
  readonly octets: Uint8Array;
  readonly prefixBits: number;
}

export interface RateLimitSettings {
  /** Of one kind, to one network. */
  readonly responsesPerSecond: number;
  /** How far a network that asks too much falls behind: so long it has to be quiet to be answered as before. */
  readonly windowSeconds: number;
  /** One in so many of the responses that are held back is sent cut short; 0: none, 1: all. */
  readonly slip: number;
  readonly ipv4PrefixBits: number;
  readonly ipv6PrefixBits: number;
  readonly exempt: readonly ClientNetwork[];
  /** One table for all threads, from `createRateTable`. */
  readonly table: SharedArrayBuffer;
  /** Unknown to clients, so that none can choose with whom it shares an entry. */
  readonly seed: number;
}

export interface ExplainSettings {
  /** Who may ask. */
  readonly networks: readonly ClientNetwork[];
  /** `PublishedImage.zonesId` of the zones that the labels are of. */
  readonly zonesId: number;
  /** The octets of `JSON.stringify` of `ExplainLabels`: one copy for all threads, read when somebody asks. */
  readonly labels: SharedArrayBuffer;
}

/** What an image does not hold, and explaining needs: by policy number. */
export type ExplainLabels = readonly {
  readonly owner: string;
  /** `pool/endpoint`, by the endpoint's number within the policy. */
  readonly endpoints: readonly string[];
  /** `10.0.0.0/8`, by class number − 1. */
  readonly classes: readonly string[];
}[];

/** RFC 5001 §2.3 leaves the length open; more than this would crowd out answers. */
export const MAX_NSID_OCTETS = 128;

/** How long a TCP connection may be idle where nothing else is said. */
export const DEFAULT_KEEPALIVE_MS = 10_000;

/** Everything off, or as it is by default. */
export const DEFAULT_SETTINGS: AnswerSettings = {
  nsid: new Uint8Array(0),
  minimalResponses: true,
  keepaliveMs: DEFAULT_KEEPALIVE_MS,
  serverVersion: undefined,
  serverId: undefined,
  cookieSecrets: [],
  rateLimit: undefined,
  explain: undefined,
  tsigKeys: [],
  isStale: false,
};
