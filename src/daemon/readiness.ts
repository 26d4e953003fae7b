/** Whether the node is ready to be sent queries, and what it waits for where it is not. */

import type { Readiness } from "../admin/source.ts";
import type { FirstRound } from "./health-book.ts";

export interface Status {
  readonly readiness: () => Readiness;
  readonly overridesReplayed: () => void;
  readonly firstRoundIn: () => void;
  readonly listening: () => void;
  readonly stopping: () => void;
}

/** `hasImage` says whether there is anything to serve, `progressOf` how far the first round of probes is. */
export function createStatus(hasImage: () => boolean, progressOf: () => FirstRound): Status {
  let replayed = false;
  let firstRound = false;
  let listening = false;
  let stopping = false;
  return {
    overridesReplayed: () => {
      replayed = true;
    },
    firstRoundIn: () => {
      firstRound = true;
    },
    listening: () => {
      listening = true;
    },
    stopping: () => {
      stopping = true;
    },
    readiness() {
      const reasons: string[] = [];
      if (stopping) reasons.push("stopping");
      if (!replayed) reasons.push("the overrides are not replayed");
      if (!firstRound) reasons.push(waitingFor(progressOf()));
      if (!hasImage()) reasons.push("there is no image yet");
      if (!listening) reasons.push("the listeners are not open");
      return { ready: reasons.length === 0, reasons };
    },
  };
}

/** Until the zones are read nothing is known of endpoints. */
function waitingFor({ endpoints, waiting }: FirstRound): string {
  if (endpoints === 0) return "waiting for the first probes";
  return `waiting for the first probes: ${waiting} of ${endpoints} endpoints`;
}
