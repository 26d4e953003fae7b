/**
 * The files of one load: each is read once, whoever includes it, so that one load sees one content of it. Digests stand
 * for octets between loads, so that no text is kept for the sake of noticing a change.
 */

import type { SourceDigest, SourceFile } from "./model.ts";
import type { ReadFile } from "./parser-state.ts";
import type { DefinitionFiles } from "./shared-definitions.ts";

/** Differs for octets that differ: a cryptographic hash, or what serves as one. */
export type DigestOf = (octets: Uint8Array) => string;

export class Sources {
  readonly #readFile: ReadFile;
  readonly #digestOf: DigestOf | undefined;
  readonly #included = new Map<string, Uint8Array | undefined>();
  readonly #digests = new Map<Uint8Array, string>();
  readonly definitionFiles: DefinitionFiles = new Map();

  /** Without `digestOf` nothing is ever found unchanged. */
  constructor(readFile: ReadFile, digestOf: DigestOf | undefined) {
    this.#readFile = readFile;
    this.#digestOf = digestOf;
  }

  /** For `$INCLUDE`: the octets, or `undefined` where there is no such file. */
  readonly read: ReadFile = (path) => {
    const known = this.#included.get(path);
    if (known !== undefined || this.#included.has(path)) return known;
    const octets = this.#readFile(path);
    this.#included.set(path, octets);
    return octets;
  };

  digestOf({ path, octets }: SourceFile): SourceDigest {
    if (this.#digestOf === undefined) return { path, digest: undefined };
    const digest = this.#digests.get(octets) ?? this.#digestOf(octets);
    this.#digests.set(octets, digest);
    return { path, digest };
  }

  /** Whether the file, and all that it included when it was judged, are as they were then. */
  isUnchanged(file: SourceFile, [own, ...included]: readonly SourceDigest[]): boolean {
    if (own?.digest === undefined || this.digestOf(file).digest !== own.digest) return false;
    return included.every(({ path, digest }) => {
      const octets = this.read(path);
      return octets !== undefined && this.digestOf({ path, octets }).digest === digest;
    });
  }

  /** `file`, and the octets of what a judgement of it rests on. */
  filesOf(file: SourceFile, [, ...included]: readonly SourceDigest[]): SourceFile[] {
    const files = [file];
    for (const { path } of included) {
      const octets = this.read(path);
      if (octets !== undefined) files.push({ path, octets });
    }
    return files;
  }
}
