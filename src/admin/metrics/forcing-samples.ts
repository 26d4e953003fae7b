/** Samples of what somebody forces, and of what could not be. */

import type { AdminSource } from "../source.ts";
import type { Sample } from "./sample.ts";

const NO_LABELS = {};

export function forcingSamples({ overrides }: AdminSource) {
  return {
    fairlead_overrides_active: (): Sample[] => [{ labels: NO_LABELS, value: overrides.list().length }],
    fairlead_override_expires_timestamp_seconds: (): Sample[] => {
      // Of several with one ref the last one counts.
      const ends = new Map(overrides.list().map(({ ref, untilMs }) => [ref, untilMs]));
      return Array.from(ends, ([ref, untilMs]) => ({ labels: { ref }, value: untilMs / 1000 }));
    },
    fairlead_override_file_load_success: (): Sample[] => {
      const file = overrides.file();
      return file === undefined ? [] : [{ labels: NO_LABELS, value: Number(file.success) }];
    },
    fairlead_windows_refused: (): Sample[] => {
      const refused = overrides.windows().filter((window) => window.refused !== undefined);
      return [{ labels: NO_LABELS, value: refused.length }];
    },
  };
}
