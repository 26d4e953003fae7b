/** Every RR type that has a text of its own. What is not listed here goes by RFC 3597. */

import { a } from "./a.ts";
import { aaaa } from "./aaaa.ts";
import { caa } from "./caa.ts";
import { cname } from "./cname.ts";
import { dname } from "./dname.ts";
import { ds } from "./ds.ts";
import { hinfo } from "./hinfo.ts";
import { https } from "./https.ts";
import { loc } from "./loc.ts";
import { mx } from "./mx.ts";
import { naptr } from "./naptr.ts";
import { ns } from "./ns.ts";
import { ptr } from "./ptr.ts";
import type { RdataType } from "./rdata-type.ts";
import { rp } from "./rp.ts";
import { soa } from "./soa.ts";
import { spf } from "./spf.ts";
import { srv } from "./srv.ts";
import { sshfp } from "./sshfp.ts";
import { svcb } from "./svcb.ts";
import { tlsa } from "./tlsa.ts";
import { txt } from "./txt.ts";
import { uri } from "./uri.ts";

export const RDATA_TYPES: readonly RdataType[] = [
  a,
  aaaa,
  caa,
  cname,
  dname,
  ds,
  hinfo,
  https,
  loc,
  mx,
  naptr,
  ns,
  ptr,
  rp,
  soa,
  spf,
  srv,
  sshfp,
  svcb,
  tlsa,
  txt,
  uri,
];

const byCode: ReadonlyMap<number, RdataType> = new Map(RDATA_TYPES.map((entry) => [entry.type, entry]));

export function findRdataType(type: number): RdataType | undefined {
  return byCode.get(type);
}
