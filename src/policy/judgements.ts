/**
 * Groups as they stand in one snapshot, each judged once, however many policies and both families ask for it: policies share
 * their pools, and a pool that has no address of a family is judged by the other one. For whoever evaluates many policies
 * with the same definitions under the same snapshot, for as long as that takes; what comes of it is the same without.
 */

import type { Candidate } from "./evaluation.ts";
import { type Group, type GroupQuestion, type JudgedGroup, judgedFamily, judgeGroup } from "./group.ts";

export class Judgements {
  /** By rung and family, and then by the group's name. */
  readonly #groups = new Map<string, Map<string, JudgedGroup>>();
  readonly #candidates = new Map<JudgedGroup, readonly Candidate[]>();

  of(group: Group, { snapshot, rung, family: asked }: GroupQuestion): JudgedGroup {
    const family = judgedFamily(group, asked);
    const way = `${rung} ${family}`;
    const groups = this.#groups.get(way) ?? new Map<string, JudgedGroup>();
    this.#groups.set(way, groups);
    const judged = groups.get(group.node) ?? judgeGroup(group, { snapshot, rung, family });
    groups.set(group.node, judged);
    return judged;
  }

  candidatesOf(
    judged: JudgedGroup,
    drawUp: (judged: JudgedGroup) => readonly Candidate[],
  ): readonly Candidate[] {
    const candidates = this.#candidates.get(judged) ?? drawUp(judged);
    this.#candidates.set(judged, candidates);
    return candidates;
  }
}
