/**
 * What a change of health costs the control plane: the decisions of 1,000 policies over 50 pools, after one endpoint has gone
 * or come back, while a worker answers from every image that is made.
 *
 *     node --import tsx test/bench/decisions.ts
 *
 * Rows: what is taken over from the decisions before, as a node does it, and all made anew, as at a load of zones.
 */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import {
  compileDecisions,
  compileZones,
  type Decisions,
  type Image,
  makeImage,
} from "../../src/image/image.ts";
import { query } from "../support/packets.ts";
import { definitions, endpoint, policy, pool, snapshot } from "../support/policies.ts";
import { startListeners } from "../support/servers.ts";
import { setOfPolicies } from "../unit/image/policy-set.ts";

const POOLS = 50;
const POLICIES = 1_000;
const ENDPOINTS = 4;
const BUILDS = 300;
const WARM_UPS = 20;

const pools = Array.from({ length: POOLS }, (_, at) =>
  pool(
    `p${at}`,
    Array.from({ length: ENDPOINTS }, (__, index) =>
      endpoint(`p${at}`, `e${index}`, [`10.0.${at}.${index}`, `2001:db8:${at}::${index}`]),
    ),
  ),
);
const ref = (at: number) => ({ kind: "pool", pool: `p${at % POOLS}` }) as const;
const policies = Array.from({ length: POLICIES }, (_, at) =>
  policy(
    at % 2 === 1
      ? { kind: "failover", children: [0, 1, 2].map((child) => ref(at + child * 7)) }
      : {
          kind: "weighted",
          children: [0, 1, 2, 3].map((child) => ({
            weight: 10 + child + (at % 13),
            expression: ref(at + child * 11),
          })),
        },
  ),
);

const zones = compileZones(setOfPolicies(policies, definitions(pools)));
let decisions: Decisions = compileDecisions(zones, snapshot(pools));
let image: Image = makeImage(1, zones, decisions);
const listeners = await startListeners(() => image, { udpTransport: "batch", workers: 1 });
const client = createSocket("udp4");
client.connect(listeners.udp.port, "127.0.0.1");
await once(client, "connect");
let answered = 0;
const ask = (): void => client.send(query(`p${answered % POLICIES}.example.`, "A"));
client.on("message", () => {
  answered++;
  ask();
});
for (let count = 0; count < 16; count++) ask();

for (const [what, takesOver] of [
  ["taken over", true],
  ["made anew", false],
] as const) {
  const times: number[] = [];
  const answeredBefore = answered;
  for (let build = 0; build < BUILDS + WARM_UPS; build++) {
    const health = snapshot(pools, { [`p${build % POOLS}/e1`]: "down" });
    const startedMs = performance.now();
    decisions = compileDecisions(zones, health, undefined, undefined, takesOver ? decisions : undefined);
    if (build >= WARM_UPS) times.push(performance.now() - startedMs);
    image = makeImage(build + 2, zones, decisions);
    listeners.udpServers.publish();
    await turn();
  }
  times.sort((one, other) => one - other);
  const at = (share: number): string =>
    `${(times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(1)} ms`;
  const figures = `median ${at(0.5)}, p99 ${at(0.99)}, least ${at(0)}`;
  console.log(
    `${POLICIES} policies over ${POOLS} pools, ${what}: ${figures}; ${answered - answeredBefore} answers`,
  );
}
client.close();
await listeners.stop();
