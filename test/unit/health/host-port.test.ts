import { expect } from "chai";
import { describe, it } from "mocha";
import { parseHostPort } from "../../../src/health/host-port.ts";

describe("parseHostPort()", () => {
  const GOOD: readonly (readonly [string, string, number])[] = [
    ["db.example.com:5432", "db.example.com", 5432],
    ["DB.Example.com.:1", "db.example.com", 1],
    ["192.0.2.1:80", "192.0.2.1", 80],
    ["[2001:DB8::1]:443", "2001:db8::1", 443],
    ["[::ffff:192.0.2.1]:65535", "::ffff:192.0.2.1", 65535],
  ];
  for (const [text, host, port] of GOOD) {
    it(`parseHostPort() reads ${text}`, () => {
      expect(parseHostPort(text)).to.deep.equal({ ok: true, hostPort: { host, port } });
    });
  }

  const BAD: readonly (readonly [string, RegExp])[] = [
    ["", /value is empty$/],
    ["db", /"db" is not host:port/],
    ["2001:db8::1:443", /is not host:port/],
    ["[::1]", /is not host:port/],
    ["[::g]:443", /"::g" is neither a host name nor an address/],
    ["[192.0.2.1]:443", /"192.0.2.1" is neither/],
    ["192.0.2.256:80", /"192.0.2.256" is neither/],
    ["a..b:80", /"a..b" is neither/],
    ["-a:80", /"-a" is neither/],
    [":80", /"" is neither/],
    ["db:", /port "" is not a number from 1 to 65535/],
    ["db:0", /port "0" is not/],
    ["db:65536", /port "65536" is not/],
    ["db:http", /port "http" is not/],
  ];
  for (const [text, message] of BAD) {
    it(`parseHostPort() refuses "${text}"`, () => {
      const result = parseHostPort(text);
      expect(result.ok ? "accepted" : result.message).to.match(message);
    });
  }
});
