/** Makes a packet that fails smaller, as long as it fails: whole stretches go first, then single octets become zero. */

/** Beyond this many attempts a smaller packet is not worth the wait. */
const MOST_ATTEMPTS = 400;

export async function shrink(
  octets: Uint8Array,
  fails: (octets: Uint8Array) => boolean | Promise<boolean>,
): Promise<Uint8Array> {
  let smallest = octets;
  let attempts = 0;
  const attempt = async (candidate: Uint8Array): Promise<boolean> => {
    if (attempts++ >= MOST_ATTEMPTS || !(await fails(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (let span = Math.ceil(octets.length / 2); span >= 1; span = span === 1 ? 0 : Math.ceil(span / 2)) {
    for (let at = smallest.length - span; at >= 0; at -= span) {
      await attempt(Uint8Array.of(...smallest.subarray(0, at), ...smallest.subarray(at + span)));
    }
  }
  for (let at = 0; at < smallest.length; at++) {
    if (smallest[at] !== 0) await attempt(smallest.with(at, 0));
  }
  return smallest;
}
