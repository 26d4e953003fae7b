/**
 * `max-shift`: whether a set of zones would send more of some name's clients elsewhere than the operator wants to see move
 * at once. Two healths are asked, one after the other, and either refuses, as a mistake is one whichever of them shows it:
 *
 * | the health                     | what only it shows                                                          |
 * | ------------------------------ | --------------------------------------------------------------------------- |
 * | everything up, on both sides   | a mistake in what is down just now                                          |
 * | as things are, once it is used | clients who go nowhere because of what is down, or is new and not yet probed |
 *
 * Names with a policy before or after count, every class of their clients and both families: what goes has moved
 * altogether, what comes moves nobody. The work is that of what has changed (`zone/touched`), done in slices.
 */

import type { LoadRefusal, MoveView } from "../admin/load.ts";
import type { Name } from "../dns/name.ts";
import { supposeResolved } from "../policy/resolved.ts";
import { exceedsShift } from "../policy/shift.ts";
import type { ZoneSet } from "../zone/model.ts";
import { type Move, movesBetween, type PlanSide } from "../zone/moves.ts";
import { indexInSteps, touchedOwners } from "../zone/touched.ts";
import { supposeAllUp } from "./supposed-health.ts";

/** Of a mistake that moves everybody the first ones tell it. */
const MOVES_LISTED = 20;
const NAMES_IN_MESSAGE = 3;

export type Health = Pick<PlanSide, "definitions" | "snapshot">;

/** The health that the running set has, and the one that the other would begin with. */
export interface HealthNow {
  readonly before: Health;
  readonly after: Health;
}

/** `undefined`: no more moves. `now` is asked once, where anything has changed at all. */
export function* judgeShift(
  before: ZoneSet,
  after: ZoneSet,
  maxShift: number,
  now: () => HealthNow | undefined,
): Generator<undefined, LoadRefusal | undefined> {
  const zones = {
    before: yield* indexInSteps(before.zones),
    after: yield* indexInSteps(after.zones),
  };
  const owners: Name[] = [];
  const written = [
    { zones: zones.before, definitions: before.definitions },
    { zones: zones.after, definitions: after.definitions },
  ] as const;
  for (const owner of touchedOwners(...written)) {
    if (owner !== undefined) owners.push(owner);
    yield undefined;
  }
  if (owners.length === 0) return undefined;
  const under = function* (health: MoveView["health"], sides: HealthNow) {
    const excess = new Excess(maxShift);
    const from = { zones: zones.before, ...sides.before };
    const to = { zones: zones.after, ...sides.after };
    for (const move of movesBetween(from, to, owners)) {
      if (move !== undefined) excess.note(move, health);
      yield undefined;
    }
    return excess.refusal();
  };
  const refusal = yield* under("all-up", { before: allUp(before), after: allUp(after) });
  yield undefined;
  const sides = refusal === undefined ? now() : undefined;
  yield undefined;
  return refusal ?? (sides && (yield* under("now", sides)));
}

/** Every endpoint up, host names too. */
export function allUp({ definitions: written }: ZoneSet): Health {
  const definitions = supposeResolved(written);
  return { definitions, snapshot: supposeAllUp(definitions) };
}

/** The moves that are too large; of them the largest, so that memory is bounded whatever the mistake. */
class Excess {
  readonly #maxShift: number;
  readonly #names = new Set<string>();
  #moves: MoveView[] = [];

  constructor(maxShift: number) {
    this.#maxShift = maxShift;
  }

  note(move: Move, health: MoveView["health"]): void {
    if (!exceedsShift(move.shift, this.#maxShift)) return;
    this.#names.add(move.name);
    this.#moves = [...this.#moves, { ...move, health }]
      .sort((one, other) => other.shift - one.shift)
      .slice(0, MOVES_LISTED);
  }

  refusal(): LoadRefusal | undefined {
    if (this.#moves.length === 0) return undefined;
    const isFirst = ({ name }: MoveView, at: number): boolean =>
      this.#moves.findIndex((other) => other.name === name) === at;
    const firsts = this.#moves.filter(isFirst).slice(0, NAMES_IN_MESSAGE);
    const more = this.#names.size - firsts.length;
    const list = [...firsts.map(describeMove), ...(more > 0 ? [`${more} more`] : [])].join(", ");
    const message = `more than max-shift ${formatShare(this.#maxShift)} of the clients would move: ${list}`;
    return { check: "max-shift", message, moves: this.#moves };
  }
}

/** `www.example.com. A for country:DE 35 %` */
export function describeMove({ name, type, client, shift }: MoveView): string {
  const whose = client === null ? "" : ` for ${client}`;
  return `${name} ${type}${whose} ${formatShare(shift)}`;
}

function formatShare(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}
