/**
 * What this node's answer paths are set to: made from the configuration at the start, and made anew where something of it
 * changes while it runs. The cell is what threads on this side look into; others are told by `changed`.
 *
 * | what changes                   | when                                              | what follows             |
 * | ------------------------------ | ------------------------------------------------- | ------------------------ |
 * | the zones                      | an image of others is published                   | other labels for explain |
 * | how the last load ended        | at every load and reload                          | answers are stale, or not |
 * | the file of cookie secrets     | likewise; one that is faulty changes nothing      | other secrets            |
 * | the secret of one's own        | once a day                                        | another one              |
 */

import { randomBytes, randomInt } from "node:crypto";
import { createRateTable } from "../answer/rate-limit.ts";
import {
  type AnswerSettings,
  type ClientNetwork,
  DEFAULT_KEEPALIVE_MS,
  DEFAULT_SETTINGS,
  type ExplainLabels,
  type ExplainSettings,
  type RateLimitSettings,
  type SettingsCell,
} from "../answer/settings.ts";
import { SIP_HASH_KEY_OCTETS } from "../answer/sip-hash.ts";
import type { AnsweringOptions } from "../config/answering.ts";
import type { NetworkText } from "../config/network.ts";
import type { ServeOptions } from "../config/options.ts";
import { formatIp, parseIp } from "../dns/address.ts";
import type { TsigKey } from "../dns/tsig-key.ts";
import type { Network } from "../geo/network.ts";
import type { ZonePart } from "../image/image.ts";
import { readCookieSecrets, type SecretsResult } from "./cookie-secrets.ts";
import type { Log } from "./log.ts";

/** How long a secret of one's own signs; for as long again its cookies are accepted. */
export const OWN_SECRET_MS = 86_400_000;

export interface AnswerSettingsParts {
  readonly options: Pick<ServeOptions, "node" | "answering" | "streams">;
  readonly tsigKeys: readonly TsigKey[];
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called when the settings have changed between two images. */
  readonly changed: () => void;
}

export type AnswerSettingsResult =
  | { readonly ok: true; readonly settings: KeptSettings }
  | { readonly ok: false; readonly message: string };

export function createAnswerSettings(parts: AnswerSettingsParts): AnswerSettingsResult {
  const secrets = firstSecrets(parts.options.answering);
  return secrets.ok ? { ok: true, settings: new KeptSettings(parts, secrets.secrets) } : secrets;
}

export class KeptSettings implements SettingsCell {
  current: AnswerSettings;
  readonly #parts: AnswerSettingsParts;
  readonly #explainNetworks: readonly ClientNetwork[];
  /** When the secret of one's own was made. */
  #secretMs: number;

  constructor(parts: AnswerSettingsParts, cookieSecrets: readonly Uint8Array[]) {
    const { node, answering, streams } = parts.options;
    const { minimalResponses, serverVersion, serverId } = answering;
    this.#parts = parts;
    this.#secretMs = parts.now();
    this.#explainNetworks = answering.explainNetworks.map(clientNetwork);
    this.current = {
      ...DEFAULT_SETTINGS,
      nsid: new TextEncoder().encode(node),
      keepaliveMs: streams.tcp["idle-timeout"] ?? DEFAULT_KEEPALIVE_MS,
      minimalResponses,
      serverVersion,
      serverId,
      cookieSecrets,
      rateLimit: rateLimitSettings(answering),
      tsigKeys: parts.tsigKeys,
    };
  }

  /** These are about to be served; whoever publishes them publishes the settings with them. */
  noteZones(zones: ZonePart): void {
    if (this.#explainNetworks.length === 0 || this.current.explain?.zonesId === zones.id) return;
    this.current = { ...this.current, explain: explainSettings(this.#explainNetworks, zones) };
  }

  /** The files were read: what they hold is served from now on, or what was served before. */
  noteLoad(success: boolean): void {
    const before = this.current;
    if (before.isStale === success) this.current = { ...before, isStale: !success };
    this.#rereadSecrets();
    if (this.current !== before) this.#parts.changed();
  }

  /** To be called now and then: a secret that nobody else knows gives way to another one (RFC 7873 §7.1). */
  renewOwnSecret(): void {
    const { options, now, changed } = this.#parts;
    if (options.answering.cookies.kind !== "own" || now() - this.#secretMs < OWN_SECRET_MS) return;
    this.#secretMs = now();
    this.current = {
      ...this.current,
      cookieSecrets: [newSecret(), ...this.current.cookieSecrets.slice(0, 1)],
    };
    changed();
  }

  #rereadSecrets(): void {
    const { cookies } = this.#parts.options.answering;
    if (cookies.kind !== "file") return;
    const read = readCookieSecrets(cookies.path);
    if (!read.ok) {
      this.#parts.log.error({ event: "cookie-secrets", reason: read.message }, "the secrets of cookies stay");
    } else if (!areSame(read.secrets, this.current.cookieSecrets)) {
      this.current = { ...this.current, cookieSecrets: read.secrets };
      this.#parts.log.info(
        { event: "cookie-secrets", secrets: read.secrets.length },
        "other secrets of cookies",
      );
    }
  }
}

function firstSecrets({ cookies }: AnsweringOptions): SecretsResult {
  switch (cookies.kind) {
    case "off":
      return { ok: true, secrets: [] };
    case "own":
      return { ok: true, secrets: [newSecret()] };
    case "file":
      return readCookieSecrets(cookies.path);
  }
}

function newSecret(): Uint8Array {
  return Uint8Array.from(randomBytes(SIP_HASH_KEY_OCTETS));
}

function areSame(some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return (
    some.length === others.length &&
    some.every((octets, index) => Buffer.compare(octets, others[index] ?? new Uint8Array(0)) === 0)
  );
}

function rateLimitSettings({ rateLimit }: AnsweringOptions): RateLimitSettings | undefined {
  if (rateLimit === undefined) return undefined;
  const { tableEntries, exempt, ...rest } = rateLimit;
  return {
    ...rest,
    exempt: exempt.map(clientNetwork),
    table: createRateTable(tableEntries),
    seed: randomInt(2 ** 32) | 0,
  };
}

export function clientNetwork({ address, prefixBits }: NetworkText): ClientNetwork {
  const octets = parseIp(address);
  if (octets === undefined) throw new Error(`the configuration let '${address}' pass for an address`);
  return { octets, prefixBits };
}

function explainSettings(networks: readonly ClientNetwork[], { id, policies }: ZonePart): ExplainSettings {
  const labels: ExplainLabels = policies.map(({ owner, endpoints, clients }) => ({
    owner,
    endpoints: endpoints.map((endpoint) => endpoint.id),
    classes: clients.classes.networks.map(formatNetwork),
  }));
  const octets = new TextEncoder().encode(JSON.stringify(labels));
  const shared = new SharedArrayBuffer(octets.length);
  new Uint8Array(shared).set(octets);
  return { networks, zonesId: id, labels: shared };
}

function formatNetwork({ octets, prefixBits }: Network): string {
  return `${formatIp(octets)}/${prefixBits}`;
}
