/**
 * The notation of the table's outcomes. Alternatives stand in the order of their worth, the ideal one first:
 *
 * ```
 * NOERROR an=2 octets<=512 ‖ NOERROR/NOTIMP ‖ drop
 * result, or several       condition on a property of the observation: = <= >= < >
 * ```
 */

import type { Observation } from "./observation.ts";

const CONDITION = /^([a-z]+)(=|<=|>=|<|>)(.+)$/;

/** The number of the first alternative that holds, 0 for the ideal one; −1: none. */
export function rankOf(outcomes: string, observation: Observation): number {
  return outcomes.split("‖").findIndex((alternative) => holds(alternative.trim(), observation));
}

function holds(alternative: string, observation: Observation): boolean {
  const [results = "", ...conditions] = alternative.split(/ +/);
  const isResult = results.split("/").includes(observation.get("result") ?? "");
  return isResult && conditions.every((condition) => isMet(condition, observation));
}

function isMet(condition: string, observation: Observation): boolean {
  const [, key = "", operator = "", wanted = ""] = CONDITION.exec(condition) ?? [];
  const value = observation.get(key);
  switch (operator) {
    case "=":
      return value === wanted;
    case "<=":
      return Number(value) <= Number(wanted);
    case ">=":
      return Number(value) >= Number(wanted);
    case "<":
      return Number(value) < Number(wanted);
    case ">":
      return Number(value) > Number(wanted);
    default:
      throw new Error(`Cannot read condition '${condition}': expected KEY=VALUE, <=, >=, < or >`);
  }
}

/** For a failure: what was seen, without what no row would miss. */
export function formatObservation(observation: Observation): string {
  const result = observation.get("result") ?? "";
  const others = [...observation]
    .filter(([key]) => key !== "result")
    .map(([key, value]) => `${key}=${value}`);
  return [result, ...others].join(" ");
}
