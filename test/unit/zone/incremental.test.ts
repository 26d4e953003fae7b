/** A load that takes over what an earlier one judged comes to the same as one from scratch. */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { formatName } from "../../../src/dns/name.ts";
import { formatDiagnostic } from "../../../src/zone/diagnostic.ts";
import type { JudgedFile } from "../../../src/zone/judge.ts";
import { octetsOfLatin1 } from "../../../src/zone/lexer.ts";
import { loadZones } from "../../../src/zone/load.ts";
import type { LoadResult, SourceFile, Zone } from "../../../src/zone/model.ts";

type Texts = Readonly<Record<string, string>>;

const HEAD = "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.53\n";
const POOLS = "$POOL one monitor=none\n  a 192.0.2.1\n$POOL two monitor=none\n  b 192.0.2.2\n";

/** As good as a hash for texts as short as these. */
const digestOf = (octets: Uint8Array): string => octets.join();

function load(texts: Texts, earlier: readonly JudgedFile[]): LoadResult {
  const files = Object.entries(texts).map(
    ([path, text]): SourceFile => ({ path, octets: octetsOfLatin1(text) }),
  );
  return loadZones(
    files.filter(({ path }) => path.endsWith(".zone")),
    (path) => files.find((file) => file.path === path)?.octets,
    { digestOf, earlier },
  );
}

function zoneOf({ set }: LoadResult, apex: string): Zone {
  const zone = set?.zones.find((one) => formatName(one.apex) === apex);
  if (zone === undefined) throw new Error(`there is no zone ${apex}`);
  return zone;
}

/** All that a result says, with the zones as texts. */
function shown({ set, diagnostics, tested }: LoadResult): unknown {
  const zones = set?.zones.map((zone) => ({
    ...zone,
    nodes: Array.from(zone.nodes, ([key, { owner, rrsets, policy }]) => [key, owner, [...rrsets], policy]),
  }));
  return {
    zones,
    definitions: set && [[...set.definitions.pools], [...set.definitions.policies], [...set.monitors]],
    files: set?.files,
    diagnostics: diagnostics.map(formatDiagnostic),
    tested,
  };
}

describe("loadZones() with an earlier load", () => {
  const texts: Texts = {
    "one.zone": `${HEAD}www A 192.0.2.1\n`,
    "two.zone": `${HEAD}$INCLUDE pools.inc\nwww POLICY failover ( one two )\n$EXPECT www A is one\n`,
    "three.zone": `${HEAD}p POLICY two\nx A 192.0.2.1\nx 5 A 192.0.2.2\n`,
    "pools.inc": POOLS,
  };
  const first = load(texts, []);

  it("has the same zones where files are unchanged, and the same to say of them", () => {
    const again = load(texts, first.judged);
    expect(first.set?.zones).to.have.lengthOf(3);
    expect(again.set?.zones.every((zone, index) => zone === first.set?.zones[index])).to.equal(true);
    expect(shown(again)).to.deep.equal(shown(first));
    expect(again.diagnostics.map(({ code }) => code)).to.include("ttl-differs");
  });

  it("reads no unchanged file again", () => {
    const unreadable = Uint8Array.of(0x28);
    const files = Object.keys(texts).map((path): SourceFile => ({ path, octets: unreadable }));
    const result = loadZones(
      files.filter(({ path }) => path.endsWith(".zone")),
      (path) => octetsOfLatin1(texts[path] ?? ""),
      {
        digestOf: (octets) => (octets === unreadable ? "same" : digestOf(octets)),
        earlier: first.judged.map((file) => ({
          ...file,
          sources: file.sources.map((source, index) =>
            index === 0 ? { ...source, digest: "same" } : source,
          ),
        })),
      },
    );
    expect(result.diagnostics).to.deep.equal(first.diagnostics);
    expect(result.set?.zones).to.deep.equal(first.set?.zones);
  });

  it("makes another zone of a file that has changed, and of one that includes it", () => {
    const changed = load({ ...texts, "one.zone": `${HEAD}www A 192.0.2.2\n` }, first.judged);
    expect(zoneOf(changed, "one.")).to.not.equal(zoneOf(first, "one."));
    expect(zoneOf(changed, "two.")).to.equal(zoneOf(first, "two."));
    const included = load({ ...texts, "pools.inc": `${POOLS}i A 192.0.2.8\n` }, first.judged);
    expect(zoneOf(included, "two.")).to.not.equal(zoneOf(first, "two."));
    expect(zoneOf(included, "two.").nodes.has("\u0001i\u0003two\u0000")).to.equal(true);
    expect(zoneOf(included, "one.")).to.equal(zoneOf(first, "one."));
  });

  it("makes another zone where a policy means something else", () => {
    const policy = "$POLICY two one\n$POOL one monitor=none\n  a 192.0.2.1\n";
    const changed = load({ ...texts, "pools.inc": policy }, first.judged);
    expect(zoneOf(changed, "three.")).to.not.equal(zoneOf(first, "three."));
    expect(
      zoneOf(changed, "three.").nodes.policies.get("\u0001p\u0005three\u0000")?.expression,
    ).to.deep.equal({
      kind: "policy",
      policy: "two",
    });
    expect(zoneOf(changed, "one.")).to.equal(zoneOf(first, "one."));
  });

  it("makes another zone where a dry run means something else", () => {
    const before = load({ ...texts, "four.zone": `${HEAD}p POLICY two dry-run\n` }, []);
    const policy = "$POLICY two one\n$POOL one monitor=none\n  a 192.0.2.1\n";
    const after = load(
      { ...texts, "four.zone": `${HEAD}p POLICY two dry-run\n`, "pools.inc": policy },
      before.judged,
    );
    expect(zoneOf(after, "four.")).to.not.equal(zoneOf(before, "four."));
    const dryRun = zoneOf(after, "four.").dryRuns.get("\u0001p\u0004four\u0000");
    expect(dryRun?.policy.expression).to.deep.equal({ kind: "policy", policy: "two" });
  });

  it("looks across zones again: at names that are gone, and at zones within zones", () => {
    const gone = load({ ...texts, "pools.inc": "$POOL one monitor=none\n  a 192.0.2.1\n" }, first.judged);
    expect(gone.diagnostics.map(formatDiagnostic).join("\n")).to.include(
      "three.zone:5:10: no pool or policy is named 'two'",
    );
    expect([gone.set, gone.judged.length]).to.deep.equal([undefined, 0]);
    const inner = load({ ...texts, "sub.one.zone": HEAD }, first.judged);
    expect(inner.diagnostics.map(({ file, code }) => `${file} ${code}`)).to.include(
      "sub.one.zone zone-not-delegated",
    );
    expect(zoneOf(inner, "one.")).to.equal(zoneOf(first, "one."));
  });

  const line = fc.constantFrom(
    "www A 192.0.2.1",
    "WWW A 192.0.2.1",
    "www A 192.0.2.2",
    "sub NS ns.sub",
    "ns.sub A 192.0.2.9",
    "x CNAME www",

    "p POLICY one",
    "q POLICY failover ( one two )",
    "q POLICY two dry-run",
    "sub POLICY one dry-run",
    "$EXPECT p A is one",
    "$EXPECT q A when one=down is two",

    "$INCLUDE pools.inc",
    "$INCLUDE other.inc",
    "$POLICY two one",
    "$POOL one monitor=none\n  a 192.0.2.1",
    "bad",
    "@ MX 1 x",
  );
  const body = fc.array(line, { maxLength: 5 }).map((lines) => `${HEAD}${lines.join("\n")}\n`);
  const edit = fc.record(
    {
      "a.zone": body,
      "sub.a.zone": body,
      "b.zone": body,
      "other.inc": fc.constantFrom("y A 192.0.2.1\n", "y A 192.0.2.2\n", "$POLICY three one\n"),
      "pools.inc": fc.constantFrom(
        POOLS,
        `${POOLS}$POLICY three two\n`,
        POOLS.replace("192.0.2.2", "192.0.2.3"),
      ),
    },
    { requiredKeys: [] },
  );

  it("comes to the same as a load from scratch, edit after edit", () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 2, maxLength: 8 }), (edits) => {
        const current: Record<string, string> = {
          "a.zone": HEAD,
          "pools.inc": POOLS,
          "other.inc": "y A 192.0.2.1\n",
        };
        let judged: readonly JudgedFile[] = [];
        for (const one of edits) {
          Object.assign(current, one);
          const incremental = load(current, judged);
          expect(shown(incremental), JSON.stringify(current)).to.deep.equal(shown(load(current, [])));
          if (incremental.set !== undefined) judged = incremental.judged;
        }
      }),
      { numRuns: 400 },
    );
  });
});
