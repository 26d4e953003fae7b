/** The status page: what `/api/v1/status` says, as one HTML page without a script. It renews itself. */

import { formatAvailability } from "../../health/availability.ts";
import type { NodeEvent } from "../events/event.ts";
import type { DiagnosticView } from "../source.ts";
import type { OverrideStatus, WindowStatus } from "../status/forcing.ts";
import type {
  ConsentStatus,
  EndpointStatus,
  PolicyStatus,
  PoolStatus,
  Status,
  ZoneStatus,
} from "../status/status.ts";
import { type Html, html } from "./html.ts";
import { PAGE_STYLE } from "./style.ts";

const RENEW_EVERY_SECONDS = 5;
/** Rows of a table; the API has the rest. */
const PAGE_ROW_LIMIT = 500;
/** Of what happened; `fairlead events` has the rest. */
export const PAGE_EVENT_LIMIT = 20;

/** `events` are the latest, the oldest first. */
export function renderPage(status: Status, events: readonly NodeEvent[]): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="${RENEW_EVERY_SECONDS}">
<title>${status.node}: Fairlead</title>
<style>${{ markup: PAGE_STYLE }}</style>
</head>
<body>
<h1>Fairlead on ${status.node}</h1>
<p>${verdict(status.ready, "ready", `not ready: ${status.reasons.join("; ")}`)},
generation ${status.generation}, version ${status.version}.
<span class="dim">Health as of ${status.at ?? "never"}.</span>
See <a href="/metrics">metrics</a>, <a href="/api/v1/status">status</a>.</p>
${renderLoad(status)}
${renderForcing(status)}
<h2>Policies</h2>
${table(["Owner", "Policy", "State", "TTL", "First answer", "Available"], status.zones.flatMap(renderPolicies))}
<h2>Pools</h2>
${table(["Pool", "State", "Observed", "Available"], status.pools.map(renderPool))}
<h2>Endpoints</h2>
${table(["Pool", "Endpoint", "State", "Observed", "Forced", "Since", "Reason"], status.pools.flatMap(renderEndpoints))}
<h2>Latest events</h2>
${table(["Time", "Kind", "Ref", "Change", "Reason"], events.slice(-PAGE_EVENT_LIMIT).map(renderEvent).reverse())}
</body>
</html>
`;
  return page.markup;
}

function verdict(good: boolean, whenGood: string, whenBad: string): Html {
  return good ? html`<span class="good">${whenGood}</span>` : html`<span class="bad">${whenBad}</span>`;
}

function renderLoad({ load }: Status): Html {
  const outcome = verdict(
    load.success,
    "what the zone files say is served",
    `the zone files are refused (${load.refused ?? "faulty"}); an earlier set is served`,
  );
  return html`<p>Zones: ${outcome} <span class="dim">(loaded ${load.loadedAt ?? "never"})</span>.</p>
${renderConsent(load.despite)}
<ul>${load.diagnostics.slice(0, PAGE_ROW_LIMIT).map(renderDiagnostic)}</ul>`;
}

function renderConsent(despite: ConsentStatus | null): Html {
  if (despite === null) return html``;
  const { checks, owner, at, reason } = despite;
  return html`<p class="bad">Loaded despite ${checks.join(", ")} by ${owner}, ${at ?? "never"}: ${reason}</p>`;
}

function renderDiagnostic({ file, line, column, severity, message }: DiagnosticView): Html {
  return html`<li><code>${file}:${line}:${column}: ${severity}: ${message}</code></li>`;
}

function renderForcing({ overrides, windows, overrideFile }: Status): Html {
  const refused = windows.filter((window) => window.refused !== null);
  const fault = overrideFile?.error ?? null;
  const file = fault === null ? "" : html`<p class="bad">The file of overrides is refused: ${fault}</p>`;
  if (overrides.length === 0 && refused.length === 0) return html`${file}`;
  return html`<h2>Overrides</h2>
${file}
${table(["Ref", "State", "Until", "Owner", "Reason"], [...overrides.map(renderOverride), ...refused.map(renderRefused)])}`;
}

function renderOverride({ ref, state, until, owner, reason, matches }: OverrideStatus): Html {
  const nothing = matches === 0 ? html` <span class="bad">(matches nothing)</span>` : "";
  return html`<tr><td><code>${ref}</code>${nothing}</td><td>${state}</td><td>${until}</td><td>${owner}</td>
<td>${reason}</td></tr>
`;
}

function renderRefused({ ref, state, until, place, refused }: WindowStatus): Html {
  return html`<tr><td><code>${ref}</code></td><td><span class="bad">${state}, not in force</span></td>
<td>${until ?? ""}</td><td>${place}</td><td>${refused ?? ""}</td></tr>
`;
}

function table(heads: readonly string[], rows: readonly Html[]): Html {
  const more = rows.length - PAGE_ROW_LIMIT;
  return html`<table>
<thead><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead>
<tbody>${rows.slice(0, PAGE_ROW_LIMIT)}</tbody>
</table>
${more > 0 ? html`<p class="dim">${more} more are in <a href="/api/v1/status">status</a>.</p>` : ""}`;
}

function renderPolicies({ policies }: ZoneStatus): Html[] {
  return policies.map(
    (policy) => html`<tr><td><code>${policy.owner}</code></td><td><code>${policy.expression}</code></td>
<td>${renderRung(policy)}</td><td>${policy.ttlSeconds} s</td><td>${renderShares(policy)}</td>
<td>${formatAvailability(policy.availability)}</td></tr>
`,
  );
}

const RUNGS: Readonly<Record<number, string>> = {
  2: "rung 2: held back",
  3: "rung 3: drained",
  4: "rung 4: nothing passes",
};

function renderRung({ rung, failingOpen, dryRun }: PolicyStatus): Html {
  if (dryRun) return html`<span class="dim">dry run: ${rung === 1 ? "up" : (RUNGS[rung] ?? "")}</span>`;
  return verdict(rung === 1, "up", failingOpen ? "rung 4: failing open" : (RUNGS[rung] ?? `rung ${rung}`));
}

function renderShares({ outcome, shares }: PolicyStatus): Html {
  if (outcome !== "answer") return html`<span class="bad">${outcome.toUpperCase()}</span>`;
  const texts = shares.map(
    ({ pool, endpoint, share }) => `${pool}/${endpoint} ${Number((share * 100).toFixed(2))}%`,
  );
  return html`${texts.join(", ")}`;
}

function renderPool(pool: PoolStatus): Html {
  const notes = notesOf(pool);
  return html`<tr><td>${pool.name}</td>
<td>${verdict(pool.up, "up", "out")}${notes === "" ? "" : html` <span class="bad">(${notes})</span>`}</td>
<td>${pool.observed}</td><td>${formatAvailability(pool.availability)}</td></tr>
`;
}

function renderEvent({ atMs, kind, ref, from, to, reason, owner, refused }: NodeEvent): Html {
  const change = from === null ? (to ?? "") : `${from} → ${to ?? "none"}`;
  const by = owner === undefined ? "" : ` (${owner})`;
  const against = refused === undefined ? "" : html`<span class="bad">refused: ${refused}</span>; `;
  return html`<tr><td class="dim">${new Date(atMs).toISOString()}</td><td>${kind}</td><td><code>${ref}</code></td>
<td>${change}</td><td>${against}${reason}${by}</td></tr>
`;
}

function renderEndpoints(pool: PoolStatus): Html[] {
  return pool.endpoints.map((endpoint) => renderEndpoint(pool.name, notesOf(pool), endpoint));
}

function notesOf({ up, holds }: PoolStatus): string {
  const notes = Object.entries(holds).map(([family, hold]) => {
    if (hold.kind === "ramping") return `${family} slow start ${Math.round(hold.part * 100)}%`;
    return `${family} held back${hold.until === null ? "" : ` until ${hold.until}`}`;
  });
  return [...(up || notes.length > 0 ? [] : ["pool down"]), ...notes].join(", ");
}

function renderEndpoint(pool: string, notes: string, endpoint: EndpointStatus): Html {
  const { up, observed, forced, since, reason, host } = endpoint;
  const name = host === null ? endpoint.name : `${endpoint.name} (${host.name})`;
  const unresolved = host?.failure ?? null;
  return html`<tr><td>${pool} ${notes === "" ? "" : html`<span class="bad">(${notes})</span>`}</td><td>${name}</td>
<td>${verdict(up, "up", "out")}</td><td>${observed}</td><td>${forced ?? ""}</td>
<td class="dim">${since ?? ""}</td><td>${reason}${unresolved === null ? "" : html` <span class="bad">(${unresolved})</span>`}</td></tr>
`;
}
