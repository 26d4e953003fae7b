import { expect } from "chai";
import { describe, it } from "mocha";
import { TRANSPORT } from "../../../src/answer/answer.ts";
import { cacheControl, judgeHead } from "../../../src/server/http-query.ts";
import { createAsker } from "../../support/answering.ts";
import { query } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";

describe("cacheControl()", () => {
  const image = sampleImage();
  const { ask } = createAsker(() => image);
  const cases: [what: string, name: string, type: string, expected: string][] = [
    ["an answer's TTL", "www.example.", "A", "max-age=300"],
    ["the TTL of an answer by policy", "fail.example.", "A", "max-age=30"],
    ["the least TTL of a chain", "topolicy.example.", "A", "max-age=30"],
    ["the TTL of what stands behind compressed names", "chain.example.", "A", "max-age=300"],
    ["the negative TTL of a name that is not there", "missing.example.", "A", "max-age=60"],
    ["the negative TTL of a type that is not there", "www.example.", "MX", "max-age=60"],
    [
      "the negative TTL where an alias leads nowhere, as the alias has it",
      "dangling.example.",
      "A",
      "max-age=300",
    ],
    ["the TTL of a referral", "x.sub.example.", "A", "max-age=300"],
    ["nothing of a refusal", "www.elsewhere.", "A", "no-store"],
    ["the TTL of the root of an expansion", "here.moved.example.", "A", "max-age=300"],
  ];
  for (const [what, name, type, expected] of cases) {
    it(`takes ${what}`, () => {
      const reply = ask(query(name, type), { transport: TRANSPORT.https });
      expect(cacheControl(Buffer.from(reply ?? []))).to.equal(expected);
    });
  }
});

describe("judgeHead()", () => {
  const head = {
    method: "GET",
    target: "/dns-query?dns=AAAB",
    contentType: undefined,
    contentLength: undefined,
  };

  it("takes the message out of the target, wherever it stands among others", () => {
    for (const target of [
      "/dns-query?dns=AAAB",
      "/dns-query?a=b&dns=AAAB&c",
      "/dns-query?dns=AAAB&dns=BBBB",
    ]) {
      expect(judgeHead({ ...head, target }, "/dns-query")).to.deep.equal({
        kind: "query",
        octets: Buffer.from([0, 0, 1]),
      });
    }
  });

  it("knows the content type whatever its case and parameters, and refuses a length that is too much", () => {
    const post = { ...head, method: "POST", target: "/q", contentType: " Application/DNS-message ;x=y" };
    expect(judgeHead(post, "/q")).to.deep.equal({ kind: "body" });
    expect(judgeHead({ ...post, contentLength: "65535" }, "/q")).to.deep.equal({ kind: "body" });
    expect(judgeHead({ ...post, contentLength: "65536" }, "/q")).to.deep.equal({
      kind: "refused",
      status: 413,
    });
  });
});
