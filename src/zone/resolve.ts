/**
 * From entries to meaning: every REF becomes the pool, endpoint or policy it names, every default is filled in, and
 * cycles among named policies are refused. The parser's entries come in, the objects of `policy/model` go out; what
 * could not be resolved is reported and left out, so that the checks after this one see only what holds.
 */

import { formatName } from "../dns/name.ts";
import type { Monitor, MonitorUse } from "../health/monitor.ts";
import type { Expression } from "../policy/expression.ts";
import type { Definitions, Endpoint, MinUp, Policy, Pool } from "../policy/model.ts";
import type { DefinitionEntries } from "./definitions.ts";
import { errorAt, type Report } from "./diagnostic.ts";
import { type Extent, extentOf, problemOfExtent } from "./extent.ts";
import type { Position } from "./model.ts";
import { resolveRef } from "./refs.ts";
import type {
  ExpressionSyntax,
  MonitorUseSyntax,
  NamedPolicyEntry,
  PolicyRecordEntry,
  PoolEntry,
} from "./syntax.ts";

const DEFAULT_MIN_UP: MinUp = { kind: "count", count: 1 };

/** How deep named policies may stand for one another. */
const MAX_POLICY_NESTING = 32;

export interface Resolved {
  readonly monitors: ReadonlyMap<string, Monitor>;
  readonly definitions: Definitions;
  /** Names of pools and policies of which not all could be read: nobody complains of what they lack. */
  readonly damaged: ReadonlySet<string>;
  /** The expression of a POLICY record, or `undefined` where a name in it has no meaning. */
  readonly expressionOf: (entry: PolicyRecordEntry) => Expression | undefined;
}

export function resolveDefinitions(entries: DefinitionEntries, report: Report): Resolved {
  const monitors = new Map(Array.from(entries.monitors, ([name, { monitor }]) => [name, monitor]));
  const pools = new Map(Array.from(entries.pools, ([name, entry]) => [name, poolOf(entry, entries, report)]));
  const resolver = new ExpressionResolver(entries, report);
  const policies = new Map<string, Expression>();
  for (const name of entries.policies.keys()) {
    const expression = resolver.policyNamed(name);
    if (expression !== undefined) policies.set(name, expression);
  }
  return {
    monitors,
    definitions: { pools, policies },
    damaged: entries.damaged.names,
    expressionOf: ({ expression, owner, position }) =>
      resolver.whole(expression, `POLICY at '${formatName(owner)}'`, position)?.expression,
  };
}

function poolOf(entry: PoolEntry, entries: DefinitionEntries, report: Report): Pool {
  const poolUse = monitorUseOf(entry.monitor, entries, report);
  const endpoints = entry.endpoints.map((endpoint): Endpoint => {
    const { name, addresses, hostName, answerAs, weight, probe } = endpoint;
    const monitor =
      endpoint.monitor === undefined ? poolUse : monitorUseOf(endpoint.monitor, entries, report);
    const id = `${entry.name}/${name}`;
    return { id, pool: entry.name, name, addresses, hostName, answerAs, weight, monitor, probe };
  });
  const { name, location, answers, failback, slowStartMs, graceMs, capacity } = entry;
  const minUp = entry.minUp ?? DEFAULT_MIN_UP;
  return { name, endpoints, location, minUp, answers, failback, slowStartMs, graceMs, capacity };
}

function monitorUseOf(
  syntax: MonitorUseSyntax | undefined,
  { monitors, damaged, suggestions }: DefinitionEntries,
  report: Report,
): MonitorUse {
  if (syntax === undefined) return { kind: "none" };
  const { use, position } = syntax;
  if (use.kind === "none") return use;
  for (const name of use.monitors) {
    if (monitors.has(name) || damaged.monitors.has(name)) continue;
    const hint = suggestions.didYouMean(name, [...monitors.keys(), "none"]);
    report(errorAt(position, "unknown-monitor", `no monitor is named '${name}'${hint}`));
  }
  return use;
}

/** The POLICY record's own words, with the expression that was resolved for it. */
export function policyOf(entry: PolicyRecordEntry, expression: Expression): Policy {
  const { maxSeconds, minSeconds, whenDown, rtoMs, demand, dryRun } = entry;
  const name = expression.kind === "policy" ? expression.policy : formatName(entry.owner);
  return { name, expression, ttl: { maxSeconds, minSeconds }, whenDown, rtoMs, demand, dryRun };
}

/** Resolves expressions; named policies each once, and along the way finds those that lead back to themselves. */
class ExpressionResolver {
  readonly #entries: DefinitionEntries;
  readonly #report: Report;
  readonly #resolved = new Map<string, Expression | undefined>();
  readonly #extents = new Map<string, Extent>();
  /** The named policies being resolved, outermost first. */
  readonly #path: NamedPolicyEntry[] = [];

  constructor(entries: DefinitionEntries, report: Report) {
    this.#entries = entries;
    this.#report = report;
  }

  policyNamed(name: string): Expression | undefined {
    if (this.#resolved.has(name)) return this.#resolved.get(name);
    const entry = this.#entries.policies.get(name);
    if (entry === undefined || this.#isEndless(entry)) return undefined;
    this.#path.push(entry);
    const whole = this.whole(entry.expression, `policy '${name}'`, entry.position);
    this.#path.pop();
    this.#resolved.set(name, whole?.expression);
    if (whole !== undefined) this.#extents.set(name, whole.extent);
    return whole?.expression;
  }

  /** The expression of a policy, unless it comes to too much with those that it names. */
  whole(
    syntax: ExpressionSyntax,
    what: string,
    position: Position,
  ): { readonly expression: Expression; readonly extent: Extent } | undefined {
    const expression = this.#resolve(syntax);
    if (expression === undefined) return undefined;
    const extent = extentOf(expression, this.#extents);
    const problem = problemOfExtent(extent);
    if (problem === undefined) return { expression, extent };
    const message = `${what} ${problem}, with the policies that it names put in their places`;
    this.#report(errorAt(position, "policy-too-large", message));
    return undefined;
  }

  #isEndless(entry: NamedPolicyEntry): boolean {
    const start = this.#path.indexOf(entry);
    if (start !== -1) {
      const names = [...this.#path.slice(start), entry].map(({ name }) => name);
      const message = `policy '${entry.name}' leads back to itself: ${names.join(" → ")}`;
      this.#report(errorAt(entry.position, "policy-cycle", message));
      return true;
    }
    if (this.#path.length < MAX_POLICY_NESTING) return false;
    const message = `policies stand for one another more than ${MAX_POLICY_NESTING} deep`;
    this.#report(errorAt(entry.position, "policies-too-deep", message));
    this.#resolved.set(entry.name, undefined);
    return true;
  }

  #resolve(syntax: ExpressionSyntax): Expression | undefined {
    switch (syntax.kind) {
      case "ref":
        return this.#resolveName(syntax);
      case "failover":
      case "nearest":
      case "spill": {
        const children = this.#resolveAll(syntax.children);
        return children && { kind: syntax.kind, children };
      }
      case "weighted":
      case "sticky":
      case "all": {
        const expressions = this.#resolveAll(syntax.children.map(({ expression }) => expression));
        const children = expressions?.map((expression, index) => ({
          weight: syntax.children[index]?.weight ?? 1,
          expression,
        }));
        return children && { kind: syntax.kind, children };
      }
      case "geo":
        return this.#resolveGeo(syntax);
    }
  }

  #resolveName({ ref }: Extract<ExpressionSyntax, { kind: "ref" }>): Expression | undefined {
    const meaning = resolveRef(ref, this.#entries, this.#report);
    if (meaning?.kind !== "policy") return meaning;
    return this.policyNamed(meaning.policy) === undefined ? undefined : meaning;
  }

  #resolveGeo(syntax: Extract<ExpressionSyntax, { kind: "geo" }>): Expression | undefined {
    const expressions = syntax.entries.map(({ expression }) =>
      expression === "nodata" ? expression : this.#resolve(expression),
    );
    const entries = syntax.entries.flatMap(({ match }, index) => {
      const expression = expressions[index];
      return expression === undefined ? [] : [{ match, expression }];
    });
    return entries.length === syntax.entries.length ? { kind: "geo", entries } : undefined;
  }

  /** Every child is looked at, so that every fault is found; one that fails makes the whole fail. */
  #resolveAll(children: readonly ExpressionSyntax[]): Expression[] | undefined {
    const expressions = children.map((child) => this.#resolve(child));
    const whole = expressions.filter((expression) => expression !== undefined);
    return whole.length === expressions.length ? whole : undefined;
  }
}
