/**
 * Cron expressions of five fields: minute, hour, day of the month, month, day of the week. Each is a list of stars, numbers,
 * names, ranges and steps (`0-30/15`, `1-5`, `mon-fri`, `0,30`). `health/schedule` says when they strike.
 *
 * Where both days are restricted, either of them is enough, as in every cron since Vixie's: `0 2 13 * 5` is each 13th and
 * each Friday. A field that begins with a star restricts nothing.
 */

interface Field {
  readonly what: string;
  readonly first: number;
  readonly last: number;
  /** Names for numbers from `first` on. */
  readonly names: readonly string[];
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: readonly Field[] = [
  { what: "minute", first: 0, last: 59, names: [] },
  { what: "hour", first: 0, last: 23, names: [] },
  { what: "day of the month", first: 1, last: 31, names: [] },
  { what: "month", first: 1, last: 12, names: MONTHS },
  // 0 and 7 are both Sunday.
  { what: "day of the week", first: 0, last: 7, names: WEEKDAYS },
];

/** When it strikes, field by field; each list ascending. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly monthDays: readonly number[];
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly weekdays: readonly number[];
  /** Both days are restricted: either is enough. */
  readonly eitherDay: boolean;
}

export type CronResult =
  | { readonly ok: true; readonly cron: Cron }
  /** What was found and what was expected. */
  | { readonly ok: false; readonly message: string };

export function parseCron(text: string): CronResult {
  const words = text.trim().split(/[ \t]+/);
  if (words.length !== FIELDS.length) {
    const count = words[0] === "" ? 0 : words.length;
    return {
      ok: false,
      message: `'${text}' has ${count} fields; expected minute hour day month weekday`,
    };
  }
  const values: number[][] = [];
  for (const [index, field] of FIELDS.entries()) {
    const found = new Set<number>();
    for (const item of (words[index] ?? "").split(",")) {
      const problem = readItem(item, field, found);
      if (problem !== undefined) return { ok: false, message: problem };
    }
    values.push([...found].sort((one, other) => one - other));
  }
  const [minutes = [], hours = [], monthDays = [], months = [], days = []] = values;
  const weekdays = [...new Set(days.map((day) => day % 7))].sort((one, other) => one - other);
  const eitherDay = ![words[2], words[4]].some((word) => word?.startsWith("*"));
  return { ok: true, cron: { minutes, hours, monthDays, months, weekdays, eitherDay } };
}

/** One item of a list, `*`, `5`, `1-5`, each with `/step`: adds its values to `found`, or says what is wrong. */
function readItem(item: string, field: Field, found: Set<number>): string | undefined {
  const [range = "", step, ...rest] = item.split("/");
  if (rest.length > 0) return `'${item}' is no value of the field '${field.what}'`;
  if (step !== undefined && !(/^[1-9][0-9]{0,2}$/.test(step) && Number(step) <= field.last)) {
    return `'${step}' is no step of the field '${field.what}'`;
  }
  const bounds =
    range === "*" ? [field.first, field.last] : range.split("-").map((text) => valueOf(text, field));
  const [from, given] = bounds;
  if (bounds.length > 2 || from === undefined || bounds.includes(undefined)) {
    return `'${range}' is no value of the field '${field.what}' (${field.first} to ${field.last})`;
  }
  // `5/15` goes on to the end of the field; a number alone is itself.
  const to = given ?? (step === undefined ? from : field.last);
  if (to < from) return `'${range}' runs backwards`;
  for (let value = from; value <= to; value += Number(step ?? 1)) found.add(value);
  return undefined;
}

function valueOf(text: string, field: Field): number | undefined {
  const named = field.names.indexOf(text.toLowerCase());
  if (named !== -1) return field.first + named;
  if (!/^[0-9]{1,2}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= field.first && number <= field.last ? number : undefined;
}
