/**
 * The value of `monitor=`: `a`, `a,b` (all must pass), `any(a,b)`, `2of(a,b,c)`, or `none`. Whether the monitors exist is
 * seen when all files are read.
 */

import type { MonitorUse } from "../health/monitor.ts";
import { accepted, refused, type ValueParse } from "./key-values.ts";
import { faultOfName } from "./names.ts";

export function parseMonitorUse(text: string): ValueParse<MonitorUse> {
  if (text === "none") return accepted({ kind: "none" });
  const group = /^([^()]*)\((.*)\)$/s.exec(text);
  const quantifier = group === null ? "all" : (group[1] ?? "");
  const list = group === null ? text : (group[2] ?? "");
  const monitors = list.split(/[\s,]+/).filter((name) => name !== "");
  if (group === null && monitors.join(",") !== list) return refused(`'${text}' is not a list like a,b`);
  if (monitors.length === 0) return refused(`'${text}' names no monitor`);
  for (const name of monitors) {
    const fault = faultOfName(name, "monitor");
    if (fault !== undefined) return refused(fault.replace("Cannot parse monitor name: ", ""));
  }
  const twice = monitors.find((name, index) => monitors.indexOf(name) !== index);
  if (twice !== undefined) return refused(`monitor '${twice}' stands in it twice`);
  if (quantifier === "all") return accepted({ kind: "at-least", count: monitors.length, monitors });
  if (quantifier === "any") return accepted({ kind: "at-least", count: 1, monitors });
  const count = /^([0-9]{1,4})of$/.exec(quantifier)?.[1];
  if (count === undefined) return refused(`'${quantifier}(…)' is neither any(…) nor such as 2of(…)`);
  if (Number(count) < 1 || Number(count) > monitors.length) {
    return refused(`${count} of ${monitors.length} monitors cannot be: expected 1 to ${monitors.length}`);
  }
  return accepted({ kind: "at-least", count: Number(count), monitors });
}
