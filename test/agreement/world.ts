/**
 * A node that serves a random zone to random clients, and the same zone, health, places and clients as values to evaluate
 * with. What the node was told it by its own ways: the zone as a file, health by probes and by what its last run kept, forced
 * states by its file of overrides, places by a database.
 */

import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { POSITION_BITS, positionOf } from "../../src/answer/place-client.ts";
import { loadGeoFile } from "../../src/daemon/geo-file.ts";
import { keepHealth } from "../../src/daemon/health-file.ts";
import { createPoolReturns, type KeptReturns } from "../../src/daemon/pool-returns.ts";
import { monitorsOf, stateKeyOf } from "../../src/daemon/probe-plan.ts";
import { formatIp, parseIp } from "../../src/dns/address.ts";
import type { Client } from "../../src/geo/client.ts";
import { type GeoDatabase, placeOfNetwork } from "../../src/geo/database.ts";
import { networkOf } from "../../src/geo/network.ts";
import { initialState, type ProbeState } from "../../src/health/hysteresis.ts";
import type { AddressHealth, EndpointHealth, Snapshot } from "../../src/health/snapshot.ts";
import type { Forced } from "../../src/health/verdict.ts";
import type { ReturnState } from "../../src/policy/failback.ts";
import type { Endpoint } from "../../src/policy/model.ts";
import { endpointsOf } from "../../src/policy/resolved.ts";
import type { ZoneSet } from "../../src/zone/model.ts";
import { seededRandom } from "../support/answering.ts";
import { type MmdbEntry, writeMmdb } from "../support/mmdb.ts";
import { type Fairlead, startFairlead } from "../support/peers/fairlead.ts";
import { addressHealth, type HealthWord } from "../support/policies.ts";
import { zoneSetOf } from "../support/zones.ts";
import {
  ASNS,
  beforeNewcomers,
  Chance,
  COUNTRIES,
  NETWORKS,
  type RandomZone,
  randomZone,
} from "./random-zone.ts";

const ORIGIN = "agree.test";
const ZONE_FILE = `${ORIGIN}.zone`;
const POLICIES = 24;
const CLIENTS_OF_A_POLICY = 4;
const FORCED_UP = 2;
const MINUTE_MS = 60_000;
/** Within the sixth step of a slow start of 20 h. */
const RAMPED_MS = 5.5 * 60 * MINUTE_MS;

/** One client of one policy. */
export interface Question {
  readonly owner: string;
  readonly policyNumber: number;
  readonly client: Client;
  /** As text, and by octets. */
  readonly address: string;
  readonly octets: Uint8Array;
  readonly position: number;
}

export class World {
  readonly zone: RandomZone;
  readonly set: ZoneSet;
  readonly questions: readonly Question[];
  readonly node: Fairlead;
  readonly #chance: Chance;
  readonly #folder: string;
  readonly #responder: Server;
  readonly #returns = createPoolReturns();

  private constructor(parts: Pick<World, "zone" | "set" | "questions" | "node">, own: WorldParts) {
    this.zone = parts.zone;
    this.set = parts.set;
    this.questions = parts.questions;
    this.node = parts.node;
    this.#chance = own.chance;
    this.#folder = own.folder;
    this.#responder = own.responder;
    this.#returns.restore(keptReturns(this.zone, own.nowMs));
    this.#returns.use(this.set.definitions, own.nowMs);
  }

  static async start(seed: number): Promise<World> {
    const random = seededRandom(seed);
    const chance = new Chance(random);
    const folder = await mkdtemp(join(tmpdir(), "fairlead-agreement-"));
    const { responder, port } = await startResponder();
    const zone = randomZone(random, ORIGIN, POLICIES, port);
    const set = zoneSetOf({ [ZONE_FILE]: zone.text });
    const nowMs = Date.now();
    const [geoip, overrides, state] = ["geo.mmdb", "overrides.yaml", "state"].map((name) =>
      join(folder, name),
    );
    if (geoip === undefined || overrides === undefined || state === undefined) throw new Error("no folder");
    await writeFile(geoip, writeMmdb(randomPlaces(chance)));
    await writeFile(overrides, "[]\n");
    await mkdir(state, { mode: 0o700 });
    await keepHealth(
      state,
      { states: keptStates(set, zone, nowMs), returns: keptReturns(zone, nowMs) },
      nowMs,
    );
    const loaded = loadGeoFile(geoip);
    if (!loaded.ok) throw new Error(loaded.reason);
    const questions = randomQuestions(chance, zone, loaded.database);
    try {
      const node = await startFairlead({
        zones: { [ZONE_FILE]: beforeNewcomers(zone) },
        flags: ["--state", state, "--geoip", geoip, "--workers", "2"],
        config: `explain-networks: 127.0.0.1\noverride-file: ${overrides}\n`,
      });
      await node.writeZone(ZONE_FILE, zone.text);
      await reload(node);
      return new World({ zone, set, questions, node }, { chance, folder, responder, nowMs });
    } catch (error) {
      responder.close();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.node.stop();
    this.#responder.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Forces other endpoints than before, at random, by the file of overrides; says which. */
  async forceAtRandom(): Promise<ReadonlyMap<string, Forced>> {
    const { forcible } = this.zone;
    // What is forced up stays so: nothing can be forced to come of taking that back, so it might be refused.
    const up = forcible.slice(0, FORCED_UP);
    const forced = new Map<string, Forced>(up.map((id) => [id, "up"]));
    for (const id of this.#chance.some(forcible.slice(FORCED_UP), 1 + this.#chance.below(6))) {
      forced.set(id, this.#chance.pick(["down", "drain"] as const));
    }
    const until = new Date(Date.now() + 60 * MINUTE_MS).toISOString();
    const items = Array.from(forced, ([ref, state]) => ({
      ref,
      state,
      until,
      reason: "at random",
      force: state !== "up",
    }));
    // Exchanged as a whole: it is watched, and half a file would be refused.
    const path = join(this.#folder, "overrides.yaml");
    await writeFile(`${path}.new`, `${JSON.stringify(items)}\n`);
    await rename(`${path}.new`, path);
    await reload(this.node);
    return forced;
  }

  /** The health that the node must have come to. */
  snapshot(forced: ReadonlyMap<string, Forced>): Snapshot {
    const endpoints = new Map<string, EndpointHealth>();
    for (const endpoint of endpointsOf(this.set.definitions)) {
      const word = this.zone.health.get(endpoint.id) ?? "up";
      const addresses = endpoint.addresses.map(({ family }) =>
        healthOf(endpoint.probe === undefined ? (family === "ipv4" ? "up" : "down") : word, endpoint),
      );
      endpoints.set(endpoint.id, { forced: forced.get(endpoint.id), addresses });
    }
    const snapshot = { atMs: Date.now(), endpoints };
    return { ...snapshot, holds: this.#returns.step(snapshot) };
  }
}

interface WorldParts {
  readonly chance: Chance;
  readonly folder: string;
  readonly responder: Server;
  readonly nowMs: number;
}

async function reload({ adminUrl }: Fairlead): Promise<void> {
  const response = await fetch(`${adminUrl}/api/v1/reload`, { method: "POST" });
  if (!response.ok) throw new Error(`the reload is refused: ${await response.text()}`);
}

/** Takes connections at every address of 127.0.0.0/8. */
async function startResponder(): Promise<{ readonly responder: Server; readonly port: number }> {
  const responder = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => responder.listen(0, "0.0.0.0", resolve));
  const address = responder.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { responder, port: address.port };
}

function healthOf(word: HealthWord, { probe }: Endpoint): AddressHealth {
  const health = addressHealth(word);
  // One that was never up is given no grace.
  if ((word === "down" || word === "passing") && probe !== undefined) {
    return { ...health, failingSinceMs: Date.now() - MINUTE_MS };
  }
  return word === "unknown" ? { ...health, passing: true } : health;
}

function keptStates(set: ZoneSet, zone: RandomZone, nowMs: number): Map<string, ProbeState> {
  const states = new Map<string, ProbeState>();
  for (const endpoint of endpointsOf(set.definitions).filter(({ probe }) => probe !== undefined)) {
    const word = zone.health.get(endpoint.id) ?? "up";
    if (word === "unknown") continue;
    for (const monitor of monitorsOf(endpoint, set)) {
      for (const address of endpoint.addresses) {
        states.set(stateKeyOf(monitor, endpoint, address), keptState(word, nowMs - MINUTE_MS));
      }
    }
  }
  return states;
}

function keptState(word: HealthWord, atMs: number): ProbeState {
  const isUp = word === "up" || word === "failing";
  const state = { ...initialState(atMs), run: 1, passing: isUp, observed: isUp ? "up" : "down" } as const;
  return isUp ? state : { ...state, failingSinceMs: atMs };
}

function keptReturns(zone: RandomZone, nowMs: number): KeptReturns {
  const stateOf = (kind: "held" | "ramping"): ReturnState =>
    kind === "held"
      ? { kind, sinceMs: nowMs - MINUTE_MS }
      : { kind: "serving", rampFromMs: nowMs - RAMPED_MS };
  return new Map(
    Array.from(zone.returns, ([pool, kind]) => [pool, { ipv4: stateOf(kind), ipv6: stateOf(kind) }]),
  );
}

/** An address of a network, with what lies behind its prefix at random. */
function addressIn(chance: Chance, network: string): Uint8Array {
  const [text = "", bits = "0"] = network.split("/");
  const first = parseIp(text) ?? new Uint8Array(4);
  return first.map((octet, index) => (index * 8 >= Number(bits) ? chance.below(256) : octet));
}

/** Two of three are known to be somewhere: by networks longer and shorter than those that policies ask for. */
function randomPlaces(chance: Chance): MmdbEntry[] {
  const entries = new Map<string, MmdbEntry>();
  for (let count = 0; count < 300; count++) {
    const octets = addressIn(chance, chance.is(0.5) ? chance.pick(NETWORKS) : "0.0.0.0/0");
    const bits = octets.length === 4 ? 6 + chance.below(19) : 33 + chance.below(24);
    const network = networkOf(octets, bits);
    const country = chance.pick(COUNTRIES);
    const record = {
      country: { iso_code: country },
      ...(country === "US" ? { subdivisions: [{ iso_code: chance.pick(["CA", "VA"]) }] } : {}),
      ...(chance.is(0.5) ? { autonomous_system_number: chance.pick(ASNS) } : {}),
      ...(chance.is(0.5)
        ? { location: { latitude: chance.below(120) - 59.5, longitude: chance.below(340) - 169.5 } }
        : {}),
    };
    entries.set(`${network.octets.join(".")}/${bits}`, { network, record });
  }
  return [...entries.values()];
}

function randomQuestions(chance: Chance, { owners }: RandomZone, database: GeoDatabase): Question[] {
  return owners.flatMap((owner, policyNumber) =>
    Array.from({ length: CLIENTS_OF_A_POLICY }, (): Question => {
      const octets = addressIn(chance, chance.is(0.7) ? chance.pick(NETWORKS) : "0.0.0.0/0");
      const length = octets.length === 4 ? 4 : 16;
      const network = networkOf(octets, length * 8);
      const bits = length === 4 ? POSITION_BITS.ipv4 : POSITION_BITS.ipv6;
      return {
        owner,
        policyNumber,
        client: { network, place: placeOfNetwork(database, network) },
        address: formatIp(octets),
        octets,
        position: positionOf(octets, length, bits),
      };
    }),
  );
}
