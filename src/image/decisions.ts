/**
 * The decisions part of an image: `policy/evaluate` tabulated for every policy, class of clients and address family.
 * Rebuilt alone whenever health changes, so it is kept quick: records that say the same share one evaluation, evaluations
 * that come to the same share one table, and what rests on no pool that has changed is taken over from the decisions before.
 *
 * | the decisions before                                   | made anew                            |
 * | ------------------------------------------------------ | ------------------------------------ |
 * | none, or of other zones, places or named policies      | all                                  |
 * | have twice the tables that all came to when made anew  | all: shared tables have drifted apart |
 * | any others                                             | policies that reach a changed pool   |
 *
 * The evaluations for a client of whom nothing is known are kept as they are: status and metrics show those.
 */

import { type Client, UNKNOWN_CLIENT } from "../geo/client.ts";
import { networkOfClass } from "../geo/client-classes.ts";
import type { Snapshot } from "../health/snapshot.ts";
import { joinFamilies } from "../policy/both-families.ts";
import { changedPools } from "../policy/changed-pools.ts";
import { cnameTargetOf } from "../policy/cname.ts";
import { evaluate } from "../policy/evaluate.ts";
import type { Evaluation } from "../policy/evaluation.ts";
import { Judgements } from "../policy/judgements.ts";
import type { AddressFamily, Definitions } from "../policy/model.ts";
import { classCount } from "./clients.ts";
import { decideLive, type LiveDecisions } from "./live-decisions.ts";
import type { LiveRRset } from "./live-rrsets.ts";
import type { PlacePart } from "./places.ts";
import { exchangeTables } from "./table-exchange.ts";
import { type DecisionTables, openTables } from "./tables.ts";
import { TablesBuilder } from "./tables-builder.ts";
import type { PolicyEntry, ZonePart } from "./zones.ts";

export interface Decisions {
  /** Those of the zones that it was compiled from. */
  readonly policies: readonly PolicyEntry[];
  readonly snapshot: Snapshot;
  /** What was evaluated: those of the zones, with the addresses that host names had. */
  readonly definitions: Definitions;
  /** Where clients are told apart by their place as well. */
  readonly places: PlacePart | undefined;
  /** By policy number: what a client of whom nothing is known is answered. */
  readonly evaluations: readonly Readonly<Record<AddressFamily, Evaluation>>[];
  readonly tables: DecisionTables;
  readonly live: LiveDecisions;
  /** The tables, for any thread. */
  readonly bytes: SharedArrayBuffer;
  /** How many tables there were when all of them were made anew last. */
  readonly tablesAnew: number;
}

const FAMILIES: readonly AddressFamily[] = ["ipv4", "ipv6"];

/** Then what is shared has drifted apart: tables of different builds are not compared with one another. */
const DRIFT_LIMIT = 2;

/**
 * `definitions` are those of the zones, host names resolved; `places` must have been compiled from the same zones. Whatever
 * `before` is, what comes of it is the same.
 */
export function compileDecisions(
  zones: ZonePart,
  snapshot: Snapshot,
  definitions: Definitions = zones.set.definitions,
  places?: PlacePart,
  before?: Decisions,
): Decisions {
  const steps = decisionSteps(zones, snapshot, definitions, places, before);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same in steps, of a class of clients or a few tables each: whoever takes them may do other things in between. */
export function* decisionSteps(
  zones: ZonePart,
  snapshot: Snapshot,
  definitions: Definitions,
  places: PlacePart | undefined,
  before: Decisions | undefined,
): Generator<void, Decisions> {
  const { policies } = zones;
  const compiler = new Compiler(definitions, snapshot, places, hintedPolicies(zones.live));
  if (before === undefined || !isComparable(before, policies, definitions, places)) {
    const evaluations: Decisions["evaluations"][number][] = [];
    for (const [number, entry] of policies.entries()) {
      evaluations.push(yield* compiler.addPolicy(entry, number));
    }
    const bytes = yield* compiler.finish();
    const tables = openTables(bytes);
    const tablesAnew = tables.outcomes.length;
    const live = decideLive(zones.live, policies, definitions, snapshot, new Map());
    return { policies, snapshot, definitions, places, evaluations, live, tables, bytes, tablesAnew };
  }
  const changed = changedPools(before, { definitions, snapshot });
  yield;
  const evaluations = [...before.evaluations];
  const replaced: number[] = [];
  const states = new Map(before.live.states);
  for (const [number, entry] of policies.entries()) {
    if (isDisjoint(changed, entry.pools)) continue;
    evaluations[number] = yield* compiler.addPolicy(entry, number);
    replaced.push(number);
    states.delete(number);
  }
  const { tablesAnew } = before;
  const bytes =
    replaced.length === 0
      ? before.bytes
      : exchangeTables(before.tables, openTables(yield* compiler.finish()), replaced);
  yield;
  const tables = openTables(bytes);
  const live = decideLive(zones.live, policies, definitions, snapshot, states);
  return { policies, snapshot, definitions, places, evaluations, live, tables, bytes, tablesAnew };
}

/** By number, those that hints are drawn from. */
function hintedPolicies(live: readonly LiveRRset[]): ReadonlySet<number | undefined> {
  return new Set(live.flatMap(({ isHinted, policies }) => (isHinted ? policies : [])));
}

function isDisjoint(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  for (const each of others) if (some.has(each)) return false;
  return true;
}

function isComparable(
  { policies, definitions, places, tables, tablesAnew }: Decisions,
  nextPolicies: readonly PolicyEntry[],
  nextDefinitions: Definitions,
  nextPlaces: PlacePart | undefined,
): boolean {
  return (
    policies === nextPolicies &&
    definitions.policies === nextDefinitions.policies &&
    places === nextPlaces &&
    tables.outcomes.length <= tablesAnew * DRIFT_LIMIT
  );
}

class Compiler {
  readonly #definitions: Definitions;
  readonly #snapshot: Snapshot;
  readonly #places: PlacePart | undefined;
  readonly #builder = new TablesBuilder();
  readonly #memo: Memo = { evaluations: new Map(), judgements: new Judgements() };
  readonly #hinted: ReadonlySet<number | undefined>;

  constructor(
    definitions: Definitions,
    snapshot: Snapshot,
    places: PlacePart | undefined,
    hinted: ReadonlySet<number | undefined>,
  ) {
    this.#definitions = definitions;
    this.#snapshot = snapshot;
    this.#places = places;
    this.#hinted = hinted;
  }

  /** The next policy of the tables, all its classes; says what a client of whom nothing is known is answered. */
  *addPolicy(
    entry: PolicyEntry,
    policyNumber: number,
  ): Generator<void, Readonly<Record<AddressFamily, Evaluation>>> {
    const clients = this.#places?.clients[policyNumber];
    const numbers = new Map(entry.endpoints.map(({ id }, number) => [id, number]));
    const evaluationOf = (classNumber: number, family: AddressFamily): Evaluation => {
      const client = clients === undefined ? clientOfClass(entry, classNumber) : clients[classNumber];
      const question = { client: client ?? UNKNOWN_CLIENT, classNumber, family };
      return evaluateOnce(this.#definitions, this.#snapshot, entry, question, this.#memo);
    };
    const canBeCname = entry.endpoints.some((endpoint) => cnameTargetOf(endpoint) !== undefined);
    this.#builder.beginPolicy(canBeCname && !entry.policy.dryRun);
    const classes = clients?.length ?? classCount(entry.clients);
    for (let classNumber = 0; classNumber < classes; classNumber++) {
      for (const family of FAMILIES) this.#builder.addEntry(evaluationOf(classNumber, family), numbers);
      yield;
    }
    if (this.#hinted.has(policyNumber)) {
      for (let classNumber = 0; classNumber < classes; classNumber++) {
        const joined = joinFamilies(evaluationOf(classNumber, "ipv4"), evaluationOf(classNumber, "ipv6"));
        this.#builder.addEntry(joined, numbers);
        yield;
      }
    }
    return { ipv4: evaluationOf(0, "ipv4"), ipv6: evaluationOf(0, "ipv6") };
  }

  finish(): Generator<void, SharedArrayBuffer> {
    return this.#builder.finish();
  }
}

/** What policies have in common. */
interface Memo {
  /** Of those that say the same, by their expression and then by the rest of the question. */
  readonly evaluations: Map<PolicyEntry["policy"]["expression"], Map<string, Evaluation>>;
  readonly judgements: Judgements;
}

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
  { evaluations, judgements }: Memo,
): Evaluation {
  const { expression, ttl, whenDown, demand } = policy;
  const key = `${family} ${classNumber} ${whenDown} ${ttl.maxSeconds} ${ttl.minSeconds} ${demand}`;
  const ofExpression = evaluations.get(expression) ?? new Map<string, Evaluation>();
  evaluations.set(expression, ofExpression);
  const known = ofExpression.get(key);
  if (known !== undefined) return known;
  const evaluation = evaluate(policy, definitions, snapshot, client, family, judgements);
  ofExpression.set(key, evaluation);
  return evaluation;
}
