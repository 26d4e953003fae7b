/**
 * Nothing is left for later or switched off in passing: no notes to oneself, no test that stands alone or is passed
 * over, no compiler or linter silenced without a reason.
 */

import { type Fault, faultAt, type SourceFile } from "./source.ts";

/** One letter of each word stands in brackets, so that this very file does not hold what it looks for. */
const PATTERNS: readonly [pattern: RegExp, what: string][] = [
  [/\b(?:TOD[O]|FIXM[E]|XX[X](?=:)|HAC[K])\b/g, "a note to do it later"],
  [/\b(?:describe|context|it|specify)\.onl[y]\b/g, "a test that shuts out the others"],
  [/\b(?:describe|context|it|specify)\.ski[p]\b/g, "a test that is passed over"],
  [/@ts-(?:ignor[e]|nochec[k]|expect-erro[r])/g, "a silenced compiler"],
  [/biome-ignor[e]/g, "a silenced formatter"],
  [
    /(?:oxlint|eslint)-disabl[e](?!-next-line [\w/-]+(?:, [\w/-]+)* -- \S)/g,
    "a linter silenced without a reason",
  ],
  [/\bas an[y]\b/g, "a cast that ends all checking"],
];

export function leftoverFaults(files: readonly SourceFile[]): Fault[] {
  return files.flatMap((file) =>
    PATTERNS.flatMap(([pattern, what]) =>
      [...file.text.matchAll(pattern)].map((match) => faultAt(file, match.index, `${what}: ${match[0]}`)),
    ),
  );
}
