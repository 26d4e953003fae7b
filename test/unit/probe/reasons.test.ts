import { expect } from "chai";
import { describe, it } from "mocha";
import { reasonOfAbort, reasonOfError } from "../../../src/probe/reasons.ts";

function failure(code: string | undefined, more: object = {}): Error {
  return Object.assign(new Error("words of the library"), code === undefined ? {} : { code }, more);
}

describe("reasonOfError()", () => {
  const ROWS: readonly (readonly [Error, string])[] = [
    [failure("ECONNREFUSED"), "connection refused"],
    [failure("EHOSTUNREACH"), "no route to the host"],
    [failure("ENETUNREACH"), "network unreachable"],
    [failure("ENOTFOUND"), "host name does not exist"],
    [failure("EAI_AGAIN"), "host name cannot be resolved at present"],
    [failure("EMFILE"), "this node has too many files open"],
    [failure("HPE_INVALID_CONSTANT"), "not an HTTP response (HPE_INVALID_CONSTANT)"],
    [failure("EPROTO", { reason: "wrong version number" }), "TLS handshake failed: wrong version number"],
    [failure("ERR_SSL_X"), "TLS handshake failed: ERR_SSL_X"],
    [failure("EOTHER"), "EOTHER"],
    [failure(undefined), "words of the library"],
  ];
  for (const [error, reason] of ROWS) {
    it(`reasonOfError() says ${reason}`, () => {
      expect(reasonOfError(error)).to.equal(reason);
    });
  }
});

describe("reasonOfAbort()", () => {
  it("reasonOfAbort() tells a deadline from a stop", () => {
    const timeout = AbortSignal.abort(new DOMException("late", "TimeoutError"));
    expect(reasonOfAbort("connect", timeout, 2_000)).to.equal("connect timed out after 2 s");
    expect(reasonOfAbort("connect", AbortSignal.abort(), 2_000)).to.equal("connect was stopped");
  });
});
