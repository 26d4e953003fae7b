import { expect } from "chai";
import { describe, it } from "mocha";
import type { LoadRefusal } from "../../../src/admin/load.ts";
import { type Health, judgeShift } from "../../../src/daemon/max-shift.ts";
import { supposeAllUp, supposeDown } from "../../../src/daemon/supposed-health.ts";
import type { ZoneSet } from "../../../src/zone/model.ts";
import { loadText } from "./loaded-zones.ts";

const POOLS = `
$POOL east monitor=none
  e 192.0.2.1 2001:db8::1
$POOL west monitor=none
  w 198.51.100.1
$POOL third monitor=none
  t 203.0.113.1
`;
const set = (text: string): ZoneSet => loadText(POOLS + text);

function health({ definitions }: ZoneSet, down: readonly string[]): Health {
  const supposed = supposeDown(definitions, down, supposeAllUp(definitions));
  if (!supposed.ok) throw new Error(supposed.message);
  return { definitions, snapshot: supposed.snapshot };
}

function judge(before: string, after: string, down?: readonly string[]): LoadRefusal | undefined {
  const [one, other] = [set(before), set(after)];
  const now = () => down && { before: health(one, down), after: health(other, down) };
  const steps = judgeShift(one, other, 0.2, now);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const www = (expression: string): string => `www 60 POLICY ${expression}\n`;
const W = "www.example.com.";

describe("judgeShift()", () => {
  const MORE = "more than max-shift 20 % of the clients would move: ";
  const rows: [what: string, before: string, after: string, down: string[] | undefined, why?: string][] = [
    ["just as much", www("weighted ( east=50 west=50 )"), www("weighted ( east=30 west=70 )"), undefined],
    [
      "more",
      www("weighted ( east=50 west=50 )"),
      www("weighted ( east=29 west=71 )"),
      undefined,
      `${MORE}${W} A 21 %`,
    ],
    ["a name that comes", "", www("failover ( east )"), undefined],
    ["a name that goes", www("failover ( west )"), "", undefined, `${MORE}${W} A 100 %`],
    [
      "one class of clients",
      www("geo ( country:DE=east *=west )"),
      www("geo ( country:DE=third *=west )"),
      undefined,
      `${MORE}${W} A for country:DE 100 %`,
    ],
    ["what nobody is sent to", www("failover ( east west )"), www("failover ( east third )"), undefined],
    [
      "what somebody is sent to as things are",
      www("failover ( east west )"),
      www("failover ( east third )"),
      ["east"],
      `${MORE}${W} A 100 %`,
    ],
    [
      "what would be, were it not down",
      www("failover ( east west )"),
      www("failover ( third west )"),
      ["east", "third"],
      `${MORE}${W} A 100 %`,
    ],
    [
      "many names, of which it lists the first",
      "a 60 POLICY failover ( west )\nb 60 POLICY failover ( west )\nc 60 POLICY failover ( west )\nd 60 POLICY failover ( west )\n",
      "",
      undefined,
      `${MORE}a.example.com. A 100 %, b.example.com. A 100 %, c.example.com. A 100 %, 1 more`,
    ],
  ];
  for (const [what, before, after, down, why] of rows) {
    it(`${why === undefined ? "allows" : "refuses"} ${what}`, () => {
      expect(judge(before, after, down)?.message).to.equal(why);
    });
  }

  it("says under which health it is", () => {
    const before = www("failover ( east west )");
    const after = www("failover ( east third )");
    expect(judge(before, after, ["east"])?.moves.map(({ health }) => health)).to.deep.equal(["now"]);
  });
});
