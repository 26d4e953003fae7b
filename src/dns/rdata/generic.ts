/**
 * Rdata of any type as `\# length hex` (RFC 3597 §5): the only text of types that have no file here, and allowed for the
 * others too.
 */

import { decodeHex, formatHex } from "../encodings.ts";
import type { TextToken } from "../text.ts";
import type { RdataParse } from "./rdata-type.ts";

const GENERIC_MARK = "\\#";
export const MAX_RDATA_OCTETS = 0xffff;

export function isGeneric(tokens: readonly TextToken[]): boolean {
  return tokens[0]?.text === GENERIC_MARK && !tokens[0].quoted;
}

/** Reads what `isGeneric` has recognised. */
export function parseGeneric(tokens: readonly TextToken[]): RdataParse {
  const lengthText = tokens[1]?.text;
  if (lengthText === undefined) return failure(1, "'\\#' is not followed by the number of octets");
  const length = /^[0-9]{1,5}$/.test(lengthText) ? Number(lengthText) : Number.NaN;
  if (!(length <= MAX_RDATA_OCTETS)) {
    return failure(1, `rdata length '${lengthText}' is not a number from 0 to ${MAX_RDATA_OCTETS}`);
  }
  const strange = tokens.findIndex((token, index) => index >= 2 && !/^[0-9a-f]*$/i.test(token.text));
  if (strange >= 0) return failure(strange, `rdata '${tokens[strange]?.text ?? ""}' is not hexadecimal`);
  const rdata = decodeHex(
    tokens
      .slice(2)
      .map((token) => token.text)
      .join(""),
  );
  if (rdata === undefined) return failure(2, "rdata has an odd number of hexadecimal digits");
  if (rdata.length !== length) {
    return failure(1, `rdata length '${lengthText}' is not that of the ${rdata.length} octets that follow`);
  }
  return { ok: true, rdata };
}

export function formatGeneric(rdata: Uint8Array): string {
  return rdata.length === 0 ? `${GENERIC_MARK} 0` : `${GENERIC_MARK} ${rdata.length} ${formatHex(rdata)}`;
}

function failure(tokenIndex: number, message: string): RdataParse {
  return { ok: false, tokenIndex, message };
}
