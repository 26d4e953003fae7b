/** Certificates made by openssl in a folder of their own, for servers that probes are to believe or not. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Identity {
  readonly key: string;
  readonly cert: string;
}

export interface Certificates {
  readonly caFile: string;
  readonly folder: string;
  readonly good: Identity;
  readonly expired: Identity;
  readonly future: Identity;
  readonly selfSigned: Identity;
  /** One more leaf by the same authority; the dates as `20991231235959Z`, other names as `DNS:api.example.com`. */
  issue(name: string, start: string, end: string, names?: string): Identity;
  remove(): void;
}

const KEY_ARGUMENTS = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const CA_CONFIG = `
[ca]
default_ca = own
[own]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
`;

/** All leaves are for www.example.com and 127.0.0.1. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-certificates-"));
  const openssl = (...words: string[]): void => {
    execFileSync("openssl", words, { cwd: folder, stdio: "pipe" });
  };
  writeFileSync(join(folder, "ca.cnf"), CA_CONFIG);
  writeFileSync(join(folder, "index.txt"), "");
  writeFileSync(join(folder, "serial"), "01\n");
  const usualNames = "DNS:www.example.com,IP:127.0.0.1";
  const altNames = (names: string): string[] => ["-addext", `subjectAltName=${names}`];
  openssl(
    "req",
    "-x509",
    ...KEY_ARGUMENTS,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-subj",
    "/CN=Own CA",
    "-days",
    "30",
  );
  const read = (name: string): string => readFileSync(join(folder, name), "latin1");
  const issue = (name: string, start: string, end: string, names = usualNames): Identity => {
    const subject = ["-subj", "/CN=www.example.com"];
    openssl(
      "req",
      "-new",
      ...KEY_ARGUMENTS,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
      ...subject,
      ...altNames(names),
    );
    const signer = ["-cert", "ca.pem", "-keyfile", "ca.key", "-notext"];
    const dates = ["-startdate", start, "-enddate", end];
    openssl(
      "ca",
      "-batch",
      "-config",
      "ca.cnf",
      ...signer,
      ...dates,
      "-in",
      `${name}.csr`,
      "-out",
      `${name}.pem`,
    );
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
  };
  const own = ["-keyout", "self.key", "-out", "self.pem", "-subj", "/CN=www.example.com", "-days", "30"];
  openssl("req", "-x509", ...KEY_ARGUMENTS, ...own, ...altNames(usualNames));
  return {
    caFile: join(folder, "ca.pem"),
    folder,
    good: issue("good", "20200101000000Z", "20990101000000Z"),
    expired: issue("expired", "20200101000000Z", "20201101000000Z"),
    future: issue("future", "20980101000000Z", "20990101000000Z"),
    selfSigned: { key: read("self.key"), cert: read("self.pem") },
    issue,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
