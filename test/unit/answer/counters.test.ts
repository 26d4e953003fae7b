import { expect } from "chai";
import { describe, it } from "mocha";
import { Counters, TRANSPORT } from "../../../src/answer/answer.ts";
import { createAsker } from "../../support/answering.ts";
import { query } from "../../support/packets.ts";
import { imageOf, sampleImage } from "../../support/sample-zones.ts";
import { zoneSetOf } from "../../support/zones.ts";

const OTHER_SET = zoneSetOf({
  "other.test.zone": "@ 60 SOA ns hostmaster 1 1h 10m 2w 30\n@ 60 NS ns\nns 60 A 192.0.2.1\n",
});

describe("Counters", () => {
  it("counts queries, responses and answers by label", () => {
    const image = sampleImage();
    const { ask, counters } = createAsker(() => image);
    ask(query("fail.example.", "A"));
    ask(query("fail.example.", "A"));
    ask(query("missing.example.", "TYPE65280"), { transport: TRANSPORT.tcp });
    ask(query("elsewhere.test.", "MX"));
    ask(new Uint8Array(3));
    expect(counters.queries()).to.have.deep.members([
      { zone: "example.", qtype: "A", transport: "udp", value: 2 },
      { zone: "example.", qtype: "other", transport: "tcp", value: 1 },
      { zone: "none", qtype: "MX", transport: "udp", value: 1 },
    ]);
    expect(counters.responses()).to.have.deep.members([
      { zone: "example.", rcode: "NOERROR", value: 2 },
      { zone: "example.", rcode: "NXDOMAIN", value: 1 },
      { zone: "none", rcode: "REFUSED", value: 1 },
    ]);
    expect(counters.answers()).to.deep.equal([
      { policy: "fail.example.", pool: "one", endpoint: "a", value: 2 },
    ]);
    expect(counters.dropped()).to.deep.include({ reason: "short", value: 1 });
  });

  it("adopt() keeps what was counted through other zones and back", () => {
    const first = sampleImage();
    const second = imageOf(OTHER_SET);
    let current = first;
    const { ask, counters } = createAsker(() => current);
    ask(query("fail.example.", "A"));
    current = second;
    ask(query("fail.example.", "A"));
    ask(query("other.test.", "SOA"));
    current = sampleImage({}, 2);
    ask(query("fail.example.", "A"));
    expect(counters.queries()).to.have.deep.members([
      { zone: "example.", qtype: "A", transport: "udp", value: 2 },
      { zone: "none", qtype: "A", transport: "udp", value: 1 },
      { zone: "other.test.", qtype: "SOA", transport: "udp", value: 1 },
    ]);
    expect(counters.answers()).to.deep.equal([
      { policy: "fail.example.", pool: "one", endpoint: "a", value: 2 },
    ]);
    // What was counted for zones that are gone, and what is now.
    expect([...counters.answersByPool((pool, name) => `${pool}/${name}` === "one/a")]).to.deep.equal([
      ["one", 2],
    ]);
    expect([...counters.answersByPool((_, name) => name !== "a")]).to.deep.equal([]);
  });

  it("observeResponse() puts a time into its bucket, bounds included", () => {
    const counters = new Counters();
    const { boundsSeconds } = counters.responseSeconds();
    counters.observeResponse(boundsSeconds[0] ?? 0);
    counters.observeResponse((boundsSeconds[0] ?? 0) * 1.01);
    counters.observeResponse(60);
    const { counts, sumSeconds } = counters.responseSeconds();
    expect(Array.from(counts)).to.deep.equal([1, 1, ...boundsSeconds.slice(2).map(() => 0), 1]);
    expect(sumSeconds).to.be.closeTo(60, 0.001);
  });
});
