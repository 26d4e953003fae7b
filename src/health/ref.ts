/**
 * REFs as operators and zone files write them: `pool`, `pool/endpoint`, and globs of both (`*` any text, `?` any one
 * character). One without a slash means pools, and every endpoint of theirs.
 */

export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}

/** Whether a REF stands for an endpoint, given by its pool and its name there. */
export function refMatches(ref: string, pool: string, endpoint: string): boolean {
  const slash = ref.indexOf("/");
  if (slash === -1) return globMatches(ref, pool);
  return globMatches(ref.slice(0, slash), pool) && globMatches(ref.slice(slash + 1), endpoint);
}

/** `*` is any text, `?` any one character. On a mismatch the last star takes one character more. */
export function globMatches(glob: string, text: string): boolean {
  let inGlob = 0;
  let star = -1;
  let afterStar = 0;
  for (let at = 0; at < text.length; at++) {
    if (glob[inGlob] === "*") {
      star = inGlob++;
      afterStar = at--;
    } else if (glob[inGlob] === "?" || glob[inGlob] === text[at]) {
      inGlob++;
    } else if (star !== -1) {
      inGlob = star + 1;
      at = afterStar++;
    } else {
      return false;
    }
  }
  while (glob[inGlob] === "*") inGlob++;
  return inGlob === glob.length;
}
