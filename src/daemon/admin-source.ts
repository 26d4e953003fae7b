/** The running node as the admin plane sees it: everything it shows is read from here, and from what is served. */

import type { AdminSource, LoadOutcome, Readiness, ReloadOutcome } from "../admin/source.ts";
import type { Counters } from "../answer/answer.ts";
import type { UdpServers } from "../server/udp-servers.ts";
import { explainName } from "./explain.ts";
import type { HealthBook } from "./health-book.ts";
import type { Serving } from "./serving.ts";
import type { LastResorts } from "./transitions.ts";
import { VERSION } from "./version.ts";

export interface NodeParts {
  readonly node: string;
  readonly serving: Serving;
  readonly book: HealthBook;
  readonly counters: Counters;
  readonly lastResorts: LastResorts;
  readonly udp: () => UdpServers | undefined;
  readonly readiness: () => Readiness;
  readonly load: () => LoadOutcome;
  readonly reload: () => Promise<ReloadOutcome>;
}

export function createAdminSource(parts: NodeParts): AdminSource {
  return {
    node: parts.node,
    version: VERSION,
    readiness: parts.readiness,
    serving: () => parts.serving.state(),
    load: parts.load,
    answering: parts.udp,
    answerCounters: {
      queries: () => parts.counters.queries(),
      responses: () => parts.counters.responses(),
      answers: () => parts.counters.answers(),
      responseSeconds: () => parts.counters.responseSeconds(),
      dropped: () => [
        ...parts.counters.dropped(),
        { reason: "receive-buffer-full", value: parts.udp()?.droppedByKernel() ?? 0 },
      ],
    },
    probeCounters: parts.book.counts,
    lastResorts: () => parts.lastResorts.read(),
    certificates: () => parts.book.certificates(),
    explain(query) {
      const image = parts.serving.image();
      if (image === undefined) {
        return { ok: false, parameter: undefined, message: "Cannot explain: nothing is served yet" };
      }
      const { set, index } = image.zones;
      const { snapshot } = image.decisions;
      return explainName({ zones: index.byApexKey, definitions: set.definitions, snapshot }, query);
    },
    reload: parts.reload,
  };
}
