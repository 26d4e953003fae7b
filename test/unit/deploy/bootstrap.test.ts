import { expect } from "chai";
import { describe, it } from "mocha";
import { installComplaint, isAtLeast, isInstalled, nodeComplaint } from "../../../deploy/bootstrap.mjs";

describe("isAtLeast()", () => {
  const cases: readonly [version: string, minimum: string, expected: boolean][] = [
    ["v20.19.0", "20.19", true],
    ["v20.18.3", "20.19", false],
    ["v20.9.0", "20.19", false],
    ["v18.20.8", "20.19", false],
    ["v24.0.0", "20.19", true],
    ["v9.11.2", "20.19", false],
  ];
  for (const [version, minimum, expected] of cases) {
    it(`says ${expected} of ${version} and ${minimum}`, () => {
      expect(isAtLeast(version, minimum)).to.equal(expected);
    });
  }
});

describe("nodeComplaint()", () => {
  it("is one line that names both versions", () => {
    expect(nodeComplaint("v18.20.4", ">=20.19")).to.equal(
      "Cannot run on Node v18.20.4: 20.19 or newer is needed. Install it from https://nodejs.org, or with your version manager.",
    );
  });

  it("has nothing to say of one that will do", () => {
    expect(nodeComplaint("v20.19.0", ">=20.19")).to.equal(undefined);
  });
});

describe("isInstalled()", () => {
  const pack = (version: string, more: object = {}) => ({ version, integrity: `sha512-${version}`, ...more });
  const wanted = { packages: { "": {}, "node_modules/a": pack("1.0.0"), "node_modules/b": pack("2.0.0") } };
  const cases: readonly [name: string, installed: object, expected: boolean][] = [
    [
      "what the lock file asks for",
      { "node_modules/a": pack("1.0.0"), "node_modules/b": pack("2.0.0") },
      true,
    ],
    ["a package that is missing", { "node_modules/a": pack("1.0.0") }, false],
    ["another version", { "node_modules/a": pack("1.0.1"), "node_modules/b": pack("2.0.0") }, false],
    [
      "other content under the same version",
      { "node_modules/a": pack("1.0.0", { integrity: "sha512-x" }), "node_modules/b": pack("2.0.0") },
      false,
    ],
    [
      "one that is left over",
      { "node_modules/a": pack("1.0.0"), "node_modules/b": pack("2.0.0"), "node_modules/c": pack("1.0.0") },
      false,
    ],
  ];
  for (const [name, packages, expected] of cases) {
    it(`says ${expected} of ${name}`, () => {
      expect(isInstalled(wanted, { packages })).to.equal(expected);
    });
  }

  it("does without what is for other platforms", () => {
    const optional = { packages: { "node_modules/a-darwin": pack("1.0.0", { optional: true }) } };
    expect(isInstalled(optional, { packages: {} })).to.equal(true);
  });
});

describe("installComplaint()", () => {
  it("names the registry that does not answer", () => {
    const output =
      "npm error code ECONNREFUSED\nnpm error FetchError: request to http://127.0.0.1:9/a failed";
    expect(installComplaint(output, "http://127.0.0.1:9")).to.equal(
      "Cannot install packages: the npm registry http://127.0.0.1:9 does not answer (ECONNREFUSED). Check the network, or set another one with `npm config set registry URL`.",
    );
  });

  it("else gives npm's own words, on one line", () => {
    const output = "npm warn x\nnpm error code EUSAGE\nnpm error The lock file does not match\n";
    expect(installComplaint(output, "")).to.equal(
      "Cannot install packages: npm ci failed: code EUSAGE The lock file does not match",
    );
  });
});
