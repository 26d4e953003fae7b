/** The running node as the admin plane sees it: everything it shows is read from here, and from what is served. */

import type { DrillsSource } from "../admin/drill-source.ts";
import type { ExplainRefusal } from "../admin/explanation.ts";
import type { HostNamesSource } from "../admin/host-name-reading.ts";
import type { OverridesSource } from "../admin/override-source.ts";
import type {
  AdminSource,
  AvailabilitySource,
  LoadOutcome,
  Readiness,
  SecondariesView,
} from "../admin/source.ts";
import type { Counters } from "../answer/answer.ts";
import { nameKey, parseName, ROOT } from "../dns/name.ts";
import type { Endpoint } from "../policy/model.ts";
import { testExpectations } from "../zone/expect.ts";
import { masterFileLines } from "../zone/master-file.ts";
import { plainRRsets } from "../zone/plain-zone.ts";
import type { AnsweringSide } from "./answering.ts";
import type { Events } from "./events.ts";
import { type ExplainedState, explainName, whatIf } from "./explain.ts";
import type { GeoKeeping } from "./geo-keeping.ts";
import type { HealthBook } from "./health-book.ts";
import type { NodeCertificate } from "./node-certificate.ts";
import type { Serving } from "./serving.ts";
import { viewTested } from "./tested.ts";
import type { LastResorts } from "./transitions.ts";
import { VERSION } from "./version.ts";

export interface NodeParts {
  readonly node: string;
  readonly serving: Serving;
  readonly book: HealthBook;
  readonly events: Events;
  readonly counters: Counters;
  readonly lastResorts: LastResorts;
  readonly answering: () => AnsweringSide | undefined;
  readonly certificate: NodeCertificate | undefined;
  readonly geo: GeoKeeping;
  readonly secondaries: SecondariesView;
  readonly hosts: HostNamesSource;
  readonly availability: AvailabilitySource;
  readonly overrides: OverridesSource;
  readonly drills: DrillsSource;
  readonly readiness: () => Readiness;
  readonly load: () => LoadOutcome;
  readonly reload: AdminSource["reload"];
  readonly plan: AdminSource["plan"];
}

export function createAdminSource(parts: NodeParts): AdminSource {
  return {
    node: parts.node,
    version: VERSION,
    readiness: parts.readiness,
    serving: () => parts.serving.state(),
    load: parts.load,
    answering() {
      const side = parts.answering();
      if (side === undefined) return undefined;
      const { udp, streams } = side;
      const restarts = (): number => udp.restarts() + streams.servers.restarts();
      return { transport: udp.transport, workers: udp.workers, restarts };
    },
    connections() {
      const streams = parts.answering()?.streams;
      return streams && { hasThread: streams.servers.place === "thread", counts: streams.counts };
    },
    nodeCertificate: () => parts.certificate?.read(),
    geoDatabase: () => parts.geo.read(),
    answerCounters: {
      queries: () => parts.counters.queries(),
      responses: () => parts.counters.responses(),
      answers: () => parts.counters.answers(),
      dryRunAnswers: () => parts.counters.dryRunAnswers(),
      rateLimited: () => parts.counters.rateLimited(),
      extendedErrors: () => parts.counters.extendedErrors(),
      responseSeconds: () => parts.counters.responseSeconds(),
      dropped: () => [
        ...parts.counters.dropped(),
        { reason: "receive-buffer-full", value: parts.answering()?.udp.droppedByKernel() ?? 0 },
      ],
    },
    probeCounters: parts.book.counts,
    lastResorts: () => parts.lastResorts.read(),
    certificates: () => parts.book.certificates(),
    secondaries: parts.secondaries,
    hosts: parts.hosts,
    availability: parts.availability,
    events: parts.events,
    overrides: parts.overrides,
    drills: parts.drills,
    explain(query) {
      const state = explainedState(parts);
      return state === undefined ? NOTHING_TO_EXPLAIN : explainName(state, query);
    },
    whatIf(query, down) {
      const state = explainedState(parts);
      return state === undefined ? NOTHING_TO_EXPLAIN : whatIf(state, query, down);
    },
    test() {
      const zones = parts.serving.image()?.zones;
      const tested = zones && testExpectations(zones.set, zones.index.byApexKey, parts.geo.placeOf);
      return tested?.map(viewTested);
    },
    exportZone(apex) {
      const image = parts.serving.image();
      const name = parseName(apex, ROOT);
      if (image === undefined || !name.ok) return undefined;
      const zone = image.zones.index.byApexKey.get(nameKey(name.name));
      return zone && masterFileLines(plainRRsets(zone, image.decisions.definitions));
    },
    reload: parts.reload,
    plan: parts.plan,
  };
}

const NOTHING_TO_EXPLAIN: ExplainRefusal = {
  ok: false,
  parameter: undefined,
  message: "Cannot explain: nothing is served yet",
};

function explainedState({
  serving,
  book,
  overrides,
  geo: { placeOf },
}: NodeParts): ExplainedState | undefined {
  const image = serving.image();
  if (image === undefined) return undefined;
  const { snapshot, definitions } = image.decisions;
  const pending = {
    overrides: overrides.list(),
    windows: overrides.windows(),
    watched: (endpoint: Endpoint) => book.watched(endpoint),
  };
  return { zones: image.zones.index.byApexKey, definitions, snapshot, placeOf, pending };
}
