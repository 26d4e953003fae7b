/**
 * An MMDB file (MaxMind DB file format 2.0) taken apart: its search tree, its data records, and what its maker says of it.
 *
 *     search tree · 16 octets of 0 · data section · marker · metadata
 */

import type { MmdbFile } from "./database.ts";
import { MmdbSection, type MmdbValue, readMmdbValue } from "./mmdb-data.ts";
import type { MmdbTree } from "./mmdb-tree.ts";
import { PLACE_KEYS } from "./record-place.ts";

/** Between the search tree and the data. */
const SEPARATOR_OCTETS = 16;
/** `\xab\xcd\xefMaxMind.com`; the last one counts, and it is near the end. */
const MARKER = Uint8Array.of(
  0xab,
  0xcd,
  0xef,
  0x4d,
  0x61,
  0x78,
  0x4d,
  0x69,
  0x6e,
  0x64,
  0x2e,
  0x63,
  0x6f,
  0x6d,
);
const METADATA_OCTETS_MAX = 128 * 1024;

export type OpenedMmdb =
  | {
      readonly ok: true;
      readonly file: MmdbFile;
      readonly builtAtMs: number;
      /** As its maker calls it. */
      readonly kind: string;
    }
  /** What is wrong with it, in words. */
  | { readonly ok: false; readonly fault: string };

export function openMmdb(octets: Uint8Array): OpenedMmdb {
  const marker = lastMarker(octets);
  if (marker === -1) return { ok: false, fault: "it has no metadata" };
  const metadata = readMmdbValue(octets, marker + MARKER.length, 0);
  if (!isMap(metadata)) return { ok: false, fault: "its metadata is not well-formed" };
  const { node_count: nodeCount, record_size: recordBits, ip_version: ipVersion } = metadata;
  const isTree = typeof nodeCount === "number" && nodeCount > 0 && isRecordSize(recordBits);
  if (!isTree || (ipVersion !== 4 && ipVersion !== 6)) {
    return { ok: false, fault: "its metadata describes no search tree" };
  }
  const treeOctets = (nodeCount * recordBits) / 4;
  if (treeOctets + SEPARATOR_OCTETS > marker) return { ok: false, fault: "its search tree is not whole" };
  const tree: MmdbTree = { octets, nodeCount, recordBits, ipVersion };
  const section = treeOctets + SEPARATOR_OCTETS;
  const data = new MmdbSection(octets, section, PLACE_KEYS);
  const recordOf = (record: number): MmdbValue | undefined =>
    data.read(record - nodeCount - SEPARATOR_OCTETS);
  const { build_epoch: builtAt, database_type: kind } = metadata;
  return {
    ok: true,
    file: { tree, recordOf },
    builtAtMs: typeof builtAt === "number" && builtAt <= LATEST_SECONDS ? builtAt * 1_000 : 0,
    kind: typeof kind === "string" ? kind : "",
  };
}

/** The latest that a date can be. */
const LATEST_SECONDS = 8_640_000_000_000;

function isRecordSize(bits: unknown): bits is MmdbTree["recordBits"] {
  return bits === 24 || bits === 28 || bits === 32;
}

function isMap(value: MmdbValue | undefined): value is { readonly [key: string]: MmdbValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function lastMarker(octets: Uint8Array): number {
  const least = Math.max(0, octets.length - METADATA_OCTETS_MAX - MARKER.length);
  for (let at = octets.length - MARKER.length; at >= least; at--) {
    if (MARKER.every((octet, index) => octets[at + index] === octet)) return at;
  }
  return -1;
}
