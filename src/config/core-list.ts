/** Cores of the machine as `taskset -c` writes them: `0,2-3`. */

/** What one call of the system can name. */
const MAX_CORE = 1_023;

const RANGE = /^([0-9]{1,4})(?:-([0-9]{1,4}))?$/;

export type CoreList =
  | { readonly ok: true; readonly cores: readonly number[] }
  | { readonly ok: false; readonly message: string };

/** In the order in which they are written; each at most once. */
export function parseCoreList(text: string): CoreList {
  const cores = new Set<number>();
  for (const part of text.split(",")) {
    const [, firstText, lastText = firstText] = RANGE.exec(part.trim()) ?? [];
    const [first, last] = [Number(firstText), Number(lastText)];
    if (!(first <= last)) return { ok: false, message: `'${text}' is not a list of cores, as in 0,2-3` };
    if (last > MAX_CORE) return { ok: false, message: `'${text}' names a core above ${MAX_CORE}` };
    for (let core = first; core <= last; core++) {
      if (cores.has(core)) return { ok: false, message: `'${text}' names core ${core} twice` };
      cores.add(core);
    }
  }
  return { ok: true, cores: [...cores] };
}
