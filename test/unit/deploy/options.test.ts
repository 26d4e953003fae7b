import { expect } from "chai";
import { describe, it } from "mocha";
import { HELP, parseOptions } from "../../../deploy/demo/options.ts";

describe("parseOptions()", () => {
  it("has the default ports that the zones and README name", () => {
    expect(parseOptions([], "/repo")).to.deep.equal({
      listen: [
        { host: "127.0.0.1", port: 5300 },
        { host: "::1", port: 5300 },
      ],
      listenGiven: false,
      admin: { host: "127.0.0.1", port: 9153 },
      regionPort: 18_081,
      takeoverMs: 10_000,
      state: "/repo/.state/demo",
    });
  });

  it("takes every option that the help names", () => {
    const flags = [...HELP.matchAll(/^ {2}(--[a-z-]+)/gm)].map((match) => match[1]);
    expect(flags).to.deep.equal(["--listen", "--admin", "--region-port", "--takeover", "--state", "--help"]);
    const words = "--listen [::1]:53 --admin 127.0.0.1:80 --region-port 9000 --takeover 1.5 --state /s".split(
      " ",
    );
    expect(parseOptions(words, "/repo")).to.deep.equal({
      listen: [{ host: "::1", port: 53 }],
      listenGiven: true,
      admin: { host: "127.0.0.1", port: 80 },
      regionPort: 9000,
      takeoverMs: 1500,
      state: "/s",
    });
    expect(parseOptions(["--help"], "/repo")).to.equal("help");
  });

  const refused: readonly [words: readonly string[], message: string | RegExp][] = [
    [
      ["--admin", "9153"],
      "Cannot parse address '9153': expected ADDR:PORT, as in 127.0.0.1:5300 or [::1]:5300",
    ],
    [["--admin", "::1:9153"], /^Cannot parse address '::1:9153'/],
    [["--listen", "127.0.0.1:70000"], /^Cannot parse address/],
    [["--takeover", "soon"], "Cannot parse --takeover 'soon': expected a number from 0 to 3600"],
    [["--region-port", "65534"], "Cannot parse --region-port '65534': expected a number from 0 to 65533"],
    [["--port", "1"], /--port/],
  ];
  for (const [words, message] of refused) {
    it(`refuses ${words.join(" ")}`, () => {
      expect(() => parseOptions(words, "/repo")).to.throw(message);
    });
  }
});
