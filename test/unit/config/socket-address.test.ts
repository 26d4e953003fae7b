import { expect } from "chai";
import { describe, it } from "mocha";
import { formatSocketAddress, parseSocketAddress } from "../../../src/config/socket-address.ts";

describe("parseSocketAddress()", () => {
  for (const text of ["127.0.0.1:0", "0.0.0.0:53", "255.1.2.3:65535", "[::1]:53", "[2001:db8::a]:5300"]) {
    it(`reads ${text}, and formatSocketAddress() writes it back`, () => {
      const parsed = parseSocketAddress(text);
      expect(parsed && formatSocketAddress(parsed)).to.equal(text);
    });
  }
  const wrong = [
    "",
    "53",
    ":53",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:65536",
    "127.0.0.256:53",
    "127.0.0:53",
    "1.2.3.4.:53",
    "01.2.3.4:53",
    "::1:53",
    "[::1]",
    "[:::1]:53",
    "[127.0.0.1]:53",
    "localhost:53",
    "127.0.0.1:-1",
  ];
  for (const text of wrong) {
    it(`refuses '${text}'`, () => {
      expect(parseSocketAddress(text)).to.equal(undefined);
    });
  }
});
