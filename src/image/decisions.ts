/**
 * The decisions part of an image: `policy/evaluate` tabulated for every policy, class of clients and address family.
 * Rebuilt alone whenever health changes, so it is kept quick: records that say the same share one evaluation, and
 * evaluations that come to the same share one table.
 *
 * The evaluations for a client of whom nothing is known are kept as they are: status and metrics show those.
 */

import { type Client, UNKNOWN_CLIENT } from "../geo/client.ts";
import { networkOfClass } from "../geo/client-classes.ts";
import type { Snapshot } from "../health/snapshot.ts";
import { cnameTargetOf } from "../policy/cname.ts";
import { evaluate } from "../policy/evaluate.ts";
import type { Evaluation } from "../policy/evaluation.ts";
import type { AddressFamily, Definitions } from "../policy/model.ts";
import { classCount } from "./clients.ts";
import type { PlacePart } from "./places.ts";
import { type DecisionTables, openTables, packTables } from "./tables.ts";
import { TablesBuilder } from "./tables-builder.ts";
import type { PolicyEntry, ZonePart } from "./zones.ts";

export interface Decisions {
  readonly snapshot: Snapshot;
  /** What was evaluated: those of the zones, with the addresses that host names had. */
  readonly definitions: Definitions;
  /** Where clients are told apart by their place as well. */
  readonly places: PlacePart | undefined;
  /** By policy number: what a client of whom nothing is known is answered. */
  readonly evaluations: readonly Readonly<Record<AddressFamily, Evaluation>>[];
  readonly tables: DecisionTables;
  /** The tables, for any thread. */
  readonly bytes: SharedArrayBuffer;
}

const FAMILIES: readonly AddressFamily[] = ["ipv4", "ipv6"];

/** `definitions` are those of the zones, host names resolved; `places` must have been compiled from the same zones. */
export function compileDecisions(
  zones: ZonePart,
  snapshot: Snapshot,
  definitions: Definitions = zones.set.definitions,
  places?: PlacePart,
): Decisions {
  const builder = new TablesBuilder();
  const memo: Memo = new Map();
  const evaluations = zones.policies.map((entry, policyNumber) => {
    const clients = places?.clients[policyNumber];
    const numbers = new Map(entry.endpoints.map(({ id }, number) => [id, number]));
    builder.beginPolicy(entry.endpoints.some((endpoint) => cnameTargetOf(endpoint) !== undefined));
    const evaluationOf = (classNumber: number, family: AddressFamily): Evaluation => {
      const client = clients === undefined ? clientOfClass(entry, classNumber) : clients[classNumber];
      const question = { client: client ?? UNKNOWN_CLIENT, classNumber, family };
      const evaluation = evaluateOnce(definitions, snapshot, entry, question, memo);
      builder.addEntry(evaluation, numbers);
      return evaluation;
    };
    const unknown = { ipv4: evaluationOf(0, "ipv4"), ipv6: evaluationOf(0, "ipv6") };
    const classes = clients?.length ?? classCount(entry.clients);
    for (let classNumber = 1; classNumber < classes; classNumber++) {
      for (const family of FAMILIES) evaluationOf(classNumber, family);
    }
    return unknown;
  });
  const bytes = packTables(builder.finish());
  return { snapshot, definitions, places, evaluations, tables: openTables(bytes), bytes };
}

/** Evaluations of policies that say the same, by their expression and then by the rest of the question. */
type Memo = Map<PolicyEntry["policy"]["expression"], Map<string, Evaluation>>;

interface ClassQuestion {
  readonly client: Client;
  readonly classNumber: number;
  readonly family: AddressFamily;
}

function clientOfClass({ clients }: PolicyEntry, classNumber: number): Client {
  const network = networkOfClass(clients.classes, classNumber);
  return network === undefined ? UNKNOWN_CLIENT : { network, place: undefined };
}

function evaluateOnce(
  definitions: Definitions,
  snapshot: Snapshot,
  { policy }: PolicyEntry,
  { client, classNumber, family }: ClassQuestion,
  memo: Memo,
): Evaluation {
  const { expression, ttl, whenDown, demand } = policy;
  const key = `${family} ${classNumber} ${whenDown} ${ttl.maxSeconds} ${ttl.minSeconds} ${demand}`;
  const ofExpression = memo.get(expression) ?? new Map<string, Evaluation>();
  memo.set(expression, ofExpression);
  const known = ofExpression.get(key);
  if (known !== undefined) return known;
  const evaluation = evaluate(policy, definitions, snapshot, client, family);
  ofExpression.set(key, evaluation);
  return evaluation;
}
