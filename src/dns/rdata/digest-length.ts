/** Digests whose length follows from the number before them: DS, SSHFP and TLSA records hold such. */

/**
 * Whether the octets from `digestOffset` on are as many as the kind at `kindOffset` asks for; a message where not. Kinds
 * that the map does not know may have any length.
 */
export function checkLengthByKind(
  what: string,
  rdata: Uint8Array,
  kindOffset: number,
  digestOffset: number,
  octetsByKind: ReadonlyMap<number, number>,
): string | undefined {
  const kind = rdata[kindOffset] ?? 0;
  const expected = octetsByKind.get(kind);
  const actual = rdata.length - digestOffset;
  if (expected === undefined || actual === expected) return undefined;
  return `${what} of type ${kind} has ${expected} octets, not ${actual}`;
}
