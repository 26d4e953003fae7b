import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { nameKey, nameOf } from "../../../src/dns/name.ts";
import { NameTable, NO_NAME } from "../../../src/zone/name-table.ts";

const label = fc.stringMatching(/^[abAB*\xe9]{1,3}$/);
const name = fc
  .array(label, { maxLength: 4 })
  .map((labels) => nameOf(`${labels.join(".")}.`.replace("..", ".")));

describe("NameTable", () => {
  it("numbers names as a Map by nameKey would, however small it began", () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 200 }), name, (names, asked) => {
        const table = new NameTable(0, 0);
        const expected = new Map<string, number>();
        for (const one of names) {
          const key = nameKey(one);
          expect(table.find(one, 0, one.length)).to.equal(expected.get(key) ?? NO_NAME);
          if (!expected.has(key)) expected.set(key, expected.size);
          expect(table.intern(one)).to.equal(expected.get(key));
        }
        expect(table.count).to.equal(expected.size);
        for (const [key, number] of expected) expect(table.keyOf(number)).to.equal(key);
        expect(table.findKey(nameKey(asked))).to.equal(expected.get(nameKey(asked)) ?? NO_NAME);
      }),
    );
  });

  it("finds names that all hash alike", () => {
    const table = new NameTable(0, 0);
    // The hash folds coarsely, and so takes «@» for «`»; comparing does not.
    const names = Array.from({ length: 1024 }, (_, number) =>
      nameOf(`${number.toString(2).padStart(10, "0").replaceAll("0", "\\@").replaceAll("1", "`")}.`),
    );
    expect(names.map((one) => table.intern(one))).to.deep.equal(names.map((_, number) => number));
    expect(names.map((one) => table.find(one, 0, one.length))).to.deep.equal(
      names.map((_, number) => number),
    );
    expect(table.findKey(nameKey(nameOf("`.")))).to.equal(NO_NAME);
  });

  it("interns the end of one of its own names, which takes no octets", () => {
    for (let room = 0; room < 300; room++) {
      const table = new NameTable(0, room);
      const whole = table.intern(nameOf(`x.${"a".repeat(63)}.${"b".repeat(40)}.`));
      const parent = table.internAt(table.startOf(whole) + 2, table.lengthOf(whole) - 2);
      expect(table.octetCount).to.equal(table.lengthOf(whole));
      expect(table.nameOf(parent)).to.deep.equal(nameOf(`${"a".repeat(63)}.${"b".repeat(40)}.`));
      expect(table.internAt(table.startOf(whole) + 2, table.lengthOf(whole) - 2)).to.equal(parent);
    }
  });

  it("finds the wildcard below a name, where there can be one", () => {
    const table = new NameTable(1, 1);
    const longest = table.intern(nameOf(`${`${"a".repeat(63)}.`.repeat(3)}${"b".repeat(61)}.`));
    expect(table.lengthOf(longest)).to.equal(255);
    expect(table.findWildcard(longest)).to.equal(NO_NAME);
    const parent = table.intern(nameOf("A.b."));
    expect(table.findWildcard(parent)).to.equal(NO_NAME);
    const wildcard = table.intern(nameOf("*.a.B."));
    expect(table.findWildcard(parent)).to.equal(wildcard);
  });

  it("knows in which upper and lower case a name came first", () => {
    const table = new NameTable(1, 1);
    const first = table.intern(nameOf("WWW.b."));
    expect(table.intern(nameOf("www.b."))).to.equal(first);
    expect(table.isSpelt(first, nameOf("WWW.b."), 0)).to.equal(true);
    expect(table.isSpelt(first, nameOf("www.b."), 0)).to.equal(false);
    expect(table.nameOf(first)).to.deep.equal(nameOf("WWW.b."));
  });
});
