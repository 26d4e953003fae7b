/** What the node knows of one host name of the zones, as status and metrics show it. */
export interface HostNameReading {
  /** Absolute, with the final dot. */
  readonly hostName: string;
  /** What it stands for now; empty while it was never resolved. */
  readonly addresses: readonly string[];
  /** When a resolver said so; `undefined`: never. */
  readonly resolvedAtMs: number | undefined;
  /** How long that may be kept. */
  readonly ttlSeconds: number;
  /** Why it cannot be resolved at present, in words; what it stood for stays. */
  readonly failure: string | undefined;
}

export interface HostNamesSource {
  /** Of the names in the zones at present. */
  readings(): Iterable<HostNameReading>;
  /** How often a name was resolved, and was not. Never goes down. */
  counts(): { readonly ok: number; readonly failed: number };
}
