/** The shape of the repository: what stands at the top level, and packages pinned to the very version. */

import type { Fault } from "./source.ts";

/** What the design card names, the lock file, and what every project has. */
const TOP_LEVEL: readonly string[] = [
  "src",
  "zones",
  "test",
  "deploy",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
];

/** Made by the tools and ignored by git. */
const MADE: ReadonlySet<string> = new Set(["node_modules", "dist"]);

const EXACT_VERSION = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

export function topLevelFaults(names: readonly string[]): Fault[] {
  const extra = names.filter((name) => !(name.startsWith(".") || TOP_LEVEL.includes(name) || MADE.has(name)));
  const missing = TOP_LEVEL.filter((name) => !names.includes(name));
  return [
    ...extra.map((name) => `${name}: does not belong at the top level`),
    ...missing.map((name) => `${name}: is missing at the top level`),
  ];
}

export interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export function pinFaults(packageJson: PackageJson): Fault[] {
  const pins = Object.entries({ ...packageJson.dependencies, ...packageJson.devDependencies });
  return pins
    .filter(([, version]) => !EXACT_VERSION.test(version))
    .map(([name, version]) => `package.json: ${name} is ${version}, which is no exact version`);
}
