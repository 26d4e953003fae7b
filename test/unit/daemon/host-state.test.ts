import { expect } from "chai";
import { describe, it } from "mocha";
import {
  addressOf,
  type FamilyAnswer,
  type HostState,
  leaveNow,
  liveAddresses,
  MAX_ADDRESSES_OF_FAMILY,
  NEVER_RESOLVED,
  nextInMs,
  stepHost,
} from "../../../src/daemon/host-state.ts";

const NONE: FamilyAnswer = { kind: "none", reason: "the name does not exist" };
const FAILED: FamilyAnswer = { kind: "failed", reason: "no resolver can be reached" };
const LINGER_MS = 7_000;

function found(ttlSeconds: number, ...texts: string[]): FamilyAnswer {
  return { kind: "addresses", addresses: texts.flatMap((text) => addressOf(text) ?? []), ttlSeconds };
}

function texts(state: HostState): string {
  return liveAddresses(state)
    .map(({ text }) => text)
    .join(" ");
}

const known = stepHost(
  NEVER_RESOLVED,
  { ipv4: found(60, "192.0.2.2", "192.0.2.1"), ipv6: found(20, "2001:db8::1") },
  LINGER_MS,
  1_000,
);

describe("stepHost()", () => {
  it("takes addresses in ascending order, for as long as the shorter TTL says", () => {
    expect(texts(known)).to.equal("192.0.2.1 192.0.2.2 2001:db8::1");
    expect(known).to.include({ ttlSeconds: 20, resolvedAtMs: 1_000, failure: undefined });
  });

  const rows: readonly [
    a: FamilyAnswer,
    aaaa: FamilyAnswer,
    addresses: string,
    reason: string | undefined,
  ][] = [
    [found(9, "192.0.2.1"), found(9, "2001:db8::2"), "192.0.2.1 2001:db8::2", undefined],
    [found(9, "192.0.2.1"), NONE, "192.0.2.1", undefined],
    [NONE, found(9, "2001:db8::2"), "2001:db8::2", undefined],
    [found(9, "192.0.2.1"), FAILED, "192.0.2.1 2001:db8::1", "no resolver can be reached"],
    [FAILED, found(9, "2001:db8::2"), "192.0.2.1 192.0.2.2 2001:db8::2", "no resolver can be reached"],
    [NONE, NONE, "192.0.2.1 192.0.2.2 2001:db8::1", "the name does not exist"],
    [NONE, FAILED, "192.0.2.1 192.0.2.2 2001:db8::1", "no resolver can be reached"],
    [FAILED, FAILED, "192.0.2.1 192.0.2.2 2001:db8::1", "no resolver can be reached"],
  ];
  for (const [ipv4, ipv6, addresses, reason] of rows) {
    it(`A ${ipv4.kind}, AAAA ${ipv6.kind}: ${addresses}`, () => {
      const next = stepHost(known, { ipv4, ipv6 }, 0, 2_000);
      expect(texts(next)).to.equal(addresses);
      expect(next.failure?.reason).to.equal(reason);
    });
  }

  it("keeps what went for as long as what came takes to be probed, and no longer", () => {
    const moved = stepHost(known, { ipv4: found(60, "192.0.2.9"), ipv6: NONE }, LINGER_MS, 10_000);
    expect(texts(moved)).to.equal("192.0.2.9 192.0.2.1 192.0.2.2 2001:db8::1");
    expect(texts(leaveNow(moved, 16_999))).to.equal(texts(moved));
    expect(texts(leaveNow(moved, 17_000))).to.equal("192.0.2.9");
    const back = stepHost(moved, { ipv4: found(60, "192.0.2.1"), ipv6: NONE }, LINGER_MS, 11_000);
    expect(texts(back)).to.equal("192.0.2.1 192.0.2.9 192.0.2.2 2001:db8::1");
  });

  it("holds to its limits: addresses of a family, the shortest and the longest TTL", () => {
    const many = Array.from({ length: 100 }, (_, index) => `192.0.2.${index + 1}`);
    const state = stepHost(NEVER_RESOLVED, { ipv4: found(0, ...many), ipv6: NONE }, 0, 0);
    expect(state.addresses).to.have.length(MAX_ADDRESSES_OF_FAMILY);
    expect(state.ttlSeconds).to.equal(5);
    const slow = stepHost(NEVER_RESOLVED, { ipv4: found(604_800, "192.0.2.1"), ipv6: NONE }, 0, 0);
    expect(slow.ttlSeconds).to.equal(3_600);
  });

  it("takes 0.0.0.0 and :: for no address", () => {
    expect(addressOf("0.0.0.0")).to.equal(undefined);
    expect(addressOf("::")).to.equal(undefined);
  });
});

describe("nextInMs()", () => {
  it("is the TTL, and on failures a wait that doubles up to a minute, a quarter more or less", () => {
    expect(nextInMs(known, 0.5)).to.equal(20_000);
    let state = known;
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      state = stepHost(state, { ipv4: FAILED, ipv6: FAILED }, 0, 2_000);
      waits.push(nextInMs(state, 0.5));
    }
    expect(waits).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect([nextInMs(state, 0), nextInMs(state, 1)]).to.deep.equal([45_000, 75_000]);
    expect(state.failure?.sinceMs).to.equal(2_000);
  });
});
