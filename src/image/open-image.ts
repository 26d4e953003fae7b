/**
 * The image as the answer path reads it, on any thread: views of shared bytes, and no object a name. `publishImage` says
 * what crosses to a thread, `openImage` makes views of it there.
 */

import { POLICY, ZONE_BYTES_MAGIC, ZONE_HEADER } from "./layout.ts";
import type { PlaceTables } from "./place-tables.ts";
import { type DecisionTables, openTables } from "./tables.ts";

/** Where clients are told apart by their place: what policies ask of it, and the geo database. */
export interface PublishedPlaces {
  readonly bytes: SharedArrayBuffer;
  readonly geoBytes: SharedArrayBuffer;
}

/** What is sent to a thread; plain data. */
export interface PublishedImage {
  /** Rises with every image that is published. */
  readonly generation: number;
  /** Another one whenever the zones are. */
  readonly zonesId: number;
  readonly zoneBytes: SharedArrayBuffer;
  readonly decisionBytes: SharedArrayBuffer;
  readonly liveBytes: SharedArrayBuffer;
  readonly places: PublishedPlaces | undefined;
  /** Where the receiving thread counts what it answers from this image (`answer/counter-layout`). */
  readonly counterBlock: SharedArrayBuffer | undefined;
}

export class OpenImage {
  readonly generation: number;
  readonly zonesId: number;
  readonly counterBlock: SharedArrayBuffer | undefined;
  /** `image/layout` draws them. */
  readonly words: Int32Array;
  readonly octets: Uint8Array;
  readonly view: DataView;
  readonly zoneCount: number;
  readonly zonesAt: number;
  readonly policiesAt: number;
  readonly tableAt: number;
  readonly tableMask: number;
  readonly tables: DecisionTables;
  /** `image/live-tables` draws them. */
  readonly live: Int32Array;
  /** `undefined` where no policy asks for a place, or there is no geo database. */
  readonly places: PlaceTables | undefined;
  /** Of `tables.records`. */
  readonly recordView: DataView;

  constructor(published: PublishedImage) {
    const { generation, zonesId, zoneBytes, decisionBytes, liveBytes, places, counterBlock } = published;
    this.generation = generation;
    this.zonesId = zonesId;
    this.counterBlock = counterBlock;
    this.words = new Int32Array(zoneBytes);
    this.octets = new Uint8Array(zoneBytes);
    this.view = new DataView(zoneBytes);
    const header = (index: number): number => this.words[index] ?? 0;
    if (header(ZONE_HEADER.magic) !== ZONE_BYTES_MAGIC) throw new Error("These are not the bytes of zones");
    this.zoneCount = header(ZONE_HEADER.zoneCount);
    this.zonesAt = header(ZONE_HEADER.zones);
    this.policiesAt = header(ZONE_HEADER.policies);
    this.tableAt = header(ZONE_HEADER.table);
    this.tableMask = header(ZONE_HEADER.tableMask);
    this.tables = openTables(decisionBytes);
    this.live = new Int32Array(liveBytes);
    this.places = places && { words: new Int32Array(places.bytes), geo: new Int32Array(places.geoBytes) };
    const { byteOffset, byteLength } = this.tables.records;
    this.recordView = new DataView(decisionBytes, byteOffset, byteLength);
  }
}

export function openImage(published: PublishedImage): OpenImage {
  return new OpenImage(published);
}

/** The place of a policy's client table; 0: it asks nothing about clients. */
export function clientsOf({ words, policiesAt }: OpenImage, policyNumber: number): number {
  return words[policiesAt + policyNumber * POLICY.words + POLICY.clients] ?? 0;
}

/** The place of a policy's table of places; 0: it asks for none. */
export function placesOf({ places }: OpenImage, policyNumber: number): number {
  return places === undefined ? 0 : (places.words[policyNumber] ?? 0);
}

/** One more than the number of the policy that is counted where this one is met; 0: there is none. */
export function dryRunOf({ words, policiesAt }: OpenImage, policyNumber: number): number {
  return words[policiesAt + policyNumber * POLICY.words + POLICY.dryRun] ?? 0;
}

/** The number of the counter of the policy's first endpoint. */
export function answerCounterOf({ words, policiesAt }: OpenImage, policyNumber: number): number {
  return words[policiesAt + policyNumber * POLICY.words + POLICY.answerCounter] ?? 0;
}
