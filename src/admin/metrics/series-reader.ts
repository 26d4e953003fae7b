/**
 * Reads single metrics of a node, for what looks at some of them every second: nothing else is read, and what follows from
 * the state that is served is worked out once for each.
 */

import type { AdminSource } from "../source.ts";
import { createDerive } from "../status/derive.ts";
import { metricNamed } from "./metric-named.ts";
import { readersOf } from "./registry.ts";
import type { Sample } from "./sample.ts";

/** The series of the metric that is named so, or of which a part is; none of one that is not published. */
export function createSeriesReader(source: AdminSource): (name: string) => Iterable<Sample> {
  const derive = createDerive();
  const readers = readersOf(source, () => {
    const state = source.serving();
    return state && derive.now(state);
  });
  return (name) => {
    const metric = metricNamed(name);
    return metric === undefined ? [] : readers[metric.name]();
  };
}
