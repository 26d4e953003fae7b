import { expect } from "chai";
import { describe, it } from "mocha";
import { HEARD_AFTER_FAILURE, HEARD_ONE_IN, SendSampling } from "../../../src/server/send-sampling.ts";

function heardOf(sampling: SendSampling, replies: number): number {
  return Array.from({ length: replies }, () => sampling.isHeard()).filter(Boolean).length;
}

describe("SendSampling", () => {
  it("hears the first reply, and one in so many", () => {
    const sampling = new SendSampling();
    expect(sampling.isHeard()).to.equal(true);
    expect(heardOf(sampling, HEARD_ONE_IN - 1)).to.equal(0);
    expect(heardOf(sampling, HEARD_ONE_IN * 50)).to.equal(50);
  });

  it("hears every reply for a while once one has failed, and longer where another one fails", () => {
    const sampling = new SendSampling();
    sampling.noteFailure();
    expect(heardOf(sampling, HEARD_AFTER_FAILURE - 1)).to.equal(HEARD_AFTER_FAILURE - 1);
    sampling.noteFailure();
    expect(heardOf(sampling, HEARD_AFTER_FAILURE)).to.equal(HEARD_AFTER_FAILURE);
    expect(heardOf(sampling, HEARD_ONE_IN * 50)).to.equal(50);
  });
});
