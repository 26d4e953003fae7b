import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { ZONE_HEAD } from "../daemon/loaded-zones.ts";
import { useTemporaryFolders } from "../daemon/temporary-folder.ts";
import { run } from "./fairlead.ts";

const POLICY = `$POOL near monitor=none
  n 192.0.2.1
$POOL far monitor=none
  f 198.51.100.1
www 30/10 POLICY failover ( near far )
`;
const DRY_RUN = "www 60 POLICY weighted ( near=1 far=3 ) dry-run\n";
const GOOD = `${ZONE_HEAD}${POLICY}$EXPECT www A is near\n$EXPECT www A when near=down is far\n`;

/** `ZONES` stands for a folder with the zone text of the case. */
interface Case {
  readonly what: string;
  readonly zone?: string;
  readonly args: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  readonly status: number;
  readonly out?: RegExp;
  readonly err?: RegExp;
}

const CASES: readonly Case[] = [
  {
    what: "--help lists every command",
    args: ["--help"],
    status: 0,
    out: /serve[^]*check[^]*override[^]*drill[^]*export /,
  },
  { what: "no command is wrong usage", args: [], status: 2, err: /Usage: fairlead/ },
  { what: "an unknown command", args: ["chek"], status: 2, err: /^fairlead: unknown command 'chek'/ },
  {
    what: "an unknown flag",
    args: ["check", "--nope"],
    status: 2,
    err: /^fairlead: unknown option '--nope'/,
  },
  {
    what: "a drill of nothing",
    args: ["drill", "--for", "10m", "--reason", "x"],
    status: 2,
    err: /^fairlead: say what to take away: --drain REF or --down REF\n$/,
  },
  {
    what: "events of a node that is not there",
    args: ["events", "--server", "http://127.0.0.1:1"],
    status: 1,
    err: /^fairlead: Cannot reach http:\/\/127\.0\.0\.1:1: /,
  },
  {
    what: "check of good zones",
    zone: GOOD,
    args: ["check", "--zones", "ZONES"],
    status: 0,
    out: /: 1 zone, no faults\n$/,
  },
  {
    what: "check of the files that are named",
    zone: GOOD,
    args: ["check", "ZONES/example.com.zone"],
    status: 0,
    out: /example\.com\.zone: 1 zone, no faults\n$/,
  },
  {
    what: "check of a lint",
    zone: `${ZONE_HEAD}${POLICY}`,
    args: ["check", "--zones", "ZONES"],
    status: 0,
    out: /example\.com\.zone:\d+:\d+: warning: .*\n.*0 errors, 1 warning\n$/,
  },
  {
    what: "check --strict",
    zone: `${ZONE_HEAD}${POLICY}`,
    args: ["check", "--strict", "--zones", "ZONES"],
    status: 1,
    out: /1 error/,
  },
  {
    what: "check --json of faults",
    zone: `${GOOD}bad A 1.2.3\n`,
    args: ["check", "--json", "--zones", "ZONES"],
    status: 1,
    out: /"severity": "error"/,
  },
  {
    what: "check without the folder",
    args: ["check", "--zones", "/nowhere"],
    status: 2,
    err: /^fairlead: Cannot read zones: \/nowhere: no such file or directory\n$/,
  },
  {
    what: "test of good zones",
    zone: GOOD,
    args: ["test", "--zones", "ZONES"],
    status: 0,
    out: /^ok .*\$EXPECT www A is near\nok .*\n.*2 of 2 expectations hold\n$/,
  },
  {
    what: "test with a failure",
    zone: `${GOOD}$EXPECT www A is far\n`,
    args: ["test", "--zones", "ZONES"],
    status: 1,
    out: /^ok .*\nok .*\nfailed .*expected far=100%, found near=100%\n.*2 of 3 expectations hold\n$/,
  },
  {
    what: "test --json",
    zone: `${GOOD}$EXPECT www A is far\n`,
    args: ["test", "--json", "--zones", "ZONES"],
    status: 1,
    out: /"result": "failed"/,
  },
  {
    what: "explain from files",
    zone: GOOD,
    args: ["explain", "www.example.com", "--down", "near", "--zones", "ZONES"],
    status: 0,
    out: /near\/n: dropped .*supposed down[^]*outcome: answer, rung 1, TTL 10 s\n {2}100\.00 % {2}far\/f {2}198\.51\.100\.1\nendpoints:\n[^]*\nnext: nothing is under way\n$/,
  },
  {
    what: "explain where an expectation fails",
    zone: `${GOOD}$EXPECT www A is far\n`,
    args: ["explain", "www.example.com", "--zones", "ZONES"],
    status: 0,
    out: /100\.00 % {2}near\/n /,
  },
  {
    what: "explain with nothing up",
    zone: GOOD,
    args: ["explain", "www.example.com", "--down", "near", "far", "--zones", "ZONES"],
    status: 1,
    out: /failing open/,
  },
  {
    what: "explain of a REF that is none",
    zone: GOOD,
    args: ["explain", "www.example.com", "--zones", "ZONES", "--down", "naer"],
    status: 2,
    err: /did you mean 'near'\?/,
  },
  {
    what: "explain with a node and --down",
    args: ["explain", "www.example.com", "--server", "http://127.0.0.1:9", "--down", "x"],
    status: 2,
    err: /^fairlead: --down supposes/,
  },
  {
    what: "whatif from files",
    zone: GOOD,
    args: ["whatif", "www.example.com", "--down", "near", "--zones", "ZONES"],
    status: 0,
    out: /, with near down\n {2}before +after +moves +endpoint\n100\.00 % +0\.00 % +−100\.00 % +near\/n\n[^]*outcome: answer\nrung: 1\nTTL: 30 → 10 s\nover capacity: no pool\n$/,
  },
  {
    what: "whatif with nothing up",
    zone: GOOD,
    args: ["whatif", "www.example.com", "--down", "*", "--zones", "ZONES"],
    status: 1,
    out: /rung: 1 → 4, failing open/,
  },
  {
    what: "whatif without --down",
    args: ["whatif", "www.example.com"],
    status: 2,
    err: /--down <ref\.\.\.>' not specified/,
  },
  {
    what: "plan of what stays",
    zone: GOOD,
    args: ["plan", "ZONES", "ZONES", "--max-shift", "0%"],
    status: 0,
    out: /^no name changes, and nobody moves\n$/,
  },
  {
    what: "explain of a dry run",
    zone: GOOD + DRY_RUN,
    args: ["explain", "www.example.com", "--dry-run", "--zones", "ZONES"],
    status: 0,
    out: /^dry run of www\.example\.com\. A [^]*weighted: up [^]*TTL 60 s\n {2} *25\.00 % {2}near\/n +192\.0\.2\.1\n {2} *75\.00 % {2}far\/f /,
  },
  {
    what: "explain of a dry run where there is none",
    zone: GOOD,
    args: ["explain", "www.example.com", "--dry-run", "--zones", "ZONES"],
    status: 1,
    err: /^fairlead: Cannot explain the dry run of 'www\.example\.com\.': no dry-run POLICY answers it\n$/,
  },
  {
    what: "whatif of a dry run",
    zone: GOOD + DRY_RUN,
    args: ["whatif", "www.example.com", "--dry-run", "--down", "near", "--zones", "ZONES"],
    status: 0,
    out: /\n +25\.00 % +0\.00 % +−25\.00 % +near\/n\n[^]*TTL: 60 s\n/,
  },
  {
    what: "test with a dry run beside",
    zone: GOOD + DRY_RUN,
    args: ["test", "--zones", "ZONES"],
    status: 0,
    out: /2 of 2 expectations hold\n$/,
  },
  {
    what: "test of what dry runs would hold",
    zone: GOOD + DRY_RUN,
    args: ["test", "--dry-run", "--zones", "ZONES"],
    status: 1,
    out: /^failed .*\$EXPECT www A is near': expected near=100%, found near=25% far=75%\nok .*\n.*1 of 2 expectations hold\n$/,
  },
  {
    what: "plan of what a dry run would change",
    zone: GOOD + DRY_RUN,
    args: ["plan", "ZONES", "ZONES", "--dry-run", "--max-shift", "20%"],
    status: 1,
    out: /^www\.example\.com\. A for a client of whom nothing is known: 75\.00 % moves\n[^]*the largest shift is 75\.00 %\nmore than --max-shift 20\.00 %\n$/,
  },
  {
    what: "export without dry runs",
    zone: GOOD + DRY_RUN,
    args: ["export", "--zones", "ZONES"],
    status: 0,
    out: /\nwww\.example\.com\. 30 IN A 192\.0\.2\.1\n$/,
  },
  {
    what: "plan of faulty zones",
    zone: "www 60 A nowhere\n",
    args: ["plan", "ZONES", "ZONES"],
    status: 1,
    err: /^fairlead: Cannot plan, the zones are faulty: /,
  },
  {
    what: "plan with a share that is none",
    args: ["plan", "a", "b", "--max-shift", "20"],
    status: 2,
    err: /expected 0% to 100%/,
  },
  {
    what: "status of nobody",
    args: ["status", "--server", "http://127.0.0.1:1"],
    status: 1,
    err: /^fairlead: Cannot reach http:\/\/127\.0\.0\.1:1: /,
  },
  {
    what: "status of no URL",
    args: ["status", "--server", "127.0.0.1:9153"],
    status: 2,
    err: /^fairlead: --server: '127\.0\.0\.1:9153' is not a URL/,
  },
  {
    what: "query of nobody",
    args: ["query", "example.com", "--server", "127.0.0.1:1"],
    status: 1,
    err: /^fairlead: Cannot query 127\.0\.0\.1:1: nobody listens there\n$/,
  },
  {
    what: "query of no type",
    args: ["query", "example.com", "AX"],
    status: 2,
    err: /^fairlead: Cannot ask: 'AX' is not a record type\n$/,
  },
  {
    what: "export of files",
    zone: GOOD,
    args: ["export", "--zones", "ZONES"],
    status: 0,
    out: /^example\.com\. \d+ IN SOA [^]*\nwww\.example\.com\. 30 IN A 192\.0\.2\.1\n$/,
  },
  {
    what: "export of one zone, as JSON",
    zone: GOOD,
    args: ["export", "EXAMPLE.com", "--zones", "ZONES", "--json"],
    status: 0,
    out: /"zone": "example\.com\."[^]*"owner": "www\.example\.com\.",\s+"ttlSeconds": 30,\s+"type": "A",\s+"data": "192\.0\.2\.1"/,
  },
  {
    what: "export into a folder",
    zone: GOOD,
    args: ["export", "--zones", "ZONES", "--out", "ZONES/out"],
    status: 0,
    out: /\/out\/example\.com\.zone\n$/,
  },
  {
    what: "export of a zone that is not there",
    zone: GOOD,
    args: ["export", "example.net", "--zones", "ZONES"],
    status: 1,
    err: /^fairlead: Cannot export 'example\.net': there is no such zone; there are example\.com\.\n$/,
  },
  {
    what: "export of faulty zones",
    zone: `${GOOD}bad A 1.2.3\n`,
    args: ["export", "--zones", "ZONES"],
    status: 1,
    err: /^fairlead: Cannot export, the zones are faulty: .*example\.com\.zone:\d+:\d+: /,
  },
  {
    what: "serve with what is not built",
    args: ["serve", "--nats", "nats://127.0.0.1"],
    status: 2,
    err: /^fairlead: --nats: is not built in this version\n$/,
  },
  {
    what: "serve with a faulty variable",
    args: ["serve"],
    environment: { FAIRLEAD_ADMIN: "9153" },
    status: 2,
    err: /^fairlead: FAIRLEAD_ADMIN: '9153' is not an address and a port/,
  },
  {
    what: "serve without its configuration",
    args: ["serve", "--config", "/nowhere.yaml"],
    status: 2,
    err: /^fairlead: Cannot read the configuration: \/nowhere\.yaml: no such file or directory\n$/,
  },
  {
    what: "serve of faulty zones",
    zone: `${GOOD}bad A 1.2.3\n`,
    args: ["serve", "ZONES", "--state", "ZONES/state", "--admin", "127.0.0.1:0", "--listen", "127.0.0.1:0"],
    status: 1,
    err: /example\.com\.zone:\d+:\d+: [^]*fairlead: 1 error in the zones, and .*state holds no accepted set to serve\n$/,
  },
];

describe("fairlead", () => {
  const folder = useTemporaryFolders();

  for (const { what, zone, args, environment, status, out, err } of CASES) {
    it(`${what}: exit ${status}`, async () => {
      const dir = folder();
      if (zone !== undefined) writeFileSync(join(dir, "example.com.zone"), zone);
      const ended = await run(
        args.map((arg) => arg.replace("ZONES", dir)),
        environment,
      );
      if (out !== undefined) expect(ended.out).to.match(out);
      if (err !== undefined) expect(ended.err).to.match(err);
      expect(ended.status, ended.err).to.equal(status);
    });
  }
});

describe("fairlead COMMAND --help", () => {
  const commands = [
    "serve",
    "check",
    "test",
    "explain",
    "whatif",
    "plan",
    "status",
    "query",
    "reload",
    "export",
    "override",
  ];
  const printed = new Map<string, { status: number; out: string }>();
  before(async () => {
    for (const command of commands) printed.set(command, await run([command, "--help"]));
  });
  for (const command of commands) {
    it(`prints how to use ${command}`, () => {
      expect(printed.get(command)?.status).to.equal(0);
      expect(printed.get(command)?.out).to.match(new RegExp(`^Usage: fairlead ${command} `));
    });
  }
});
