/**
 * Geo databases: files of every form, whole and changed. Whatever an operator's file holds, a node goes on; what whole files
 * say is held against another reader of such files by `buildGeoDatabase`'s own tests.
 */

import { buildGeoDatabase, placeOfNetwork } from "../../src/geo/database.ts";
import { openMmdb } from "../../src/geo/mmdb.ts";
import { networkOf } from "../../src/geo/network.ts";
import { writeMmdb } from "../support/mmdb.ts";
import { type Decoder, expectThat } from "./decoder.ts";

const COUNTRIES = ["DE", "FR", "US", "JP"] as const;
const LIMIT_MS = 1_000;
const ADDRESSES = 20;

export const GEO_DATABASES: Decoder = {
  name: "geo database",
  limitMs: LIMIT_MS,
  source: ({ below, chance, pick, octets, mutate }) => {
    return () => {
      const ipVersion = pick([4, 6] as const);
      const entries = Array.from({ length: 1 + below(8) }, () => ({
        network:
          ipVersion === 6 && chance(0.5)
            ? networkOf(octets(16), 1 + below(128))
            : networkOf(octets(4), 1 + below(32)),
        record: {
          country: { iso_code: pick(COUNTRIES) },
          location: { latitude: below(90) + 0.5, longitude: -1.5 },
        },
      }));
      const form = { recordBits: pick([24, 28, 32] as const), pointers: chance(0.7) };
      const file = Uint8Array.from(writeMmdb(entries, ipVersion, undefined, form));
      return chance(0.2) ? file : mutate(file);
    };
  },
  check: (input) => {
    const opened = openMmdb(input);
    if (!opened.ok) return;
    const database = buildGeoDatabase(opened.file);
    for (let at = 0; at < ADDRESSES; at++) {
      const length = at % 2 === 0 ? 4 : 16;
      const address = Uint8Array.from({ length }, (_, octet) => input[at * length + octet] ?? 0);
      const { latitude = 0, longitude = 0 } =
        placeOfNetwork(database, networkOf(address, length * 8))?.coordinates ?? {};
      expectThat(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180, `at ${latitude}, ${longitude}`);
    }
  },
};
