import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { type Region, startRegion } from "../../../deploy/demo/region.ts";

describe("startRegion()", () => {
  let region: Region;
  const request = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${region.port}${path}`, init);
  const post = (path: string) => request(path, { method: "POST" });

  beforeEach(async () => {
    region = await startRegion({ name: "frankfurt", host: "127.0.0.1", port: 0, takeoverMs: 0 });
  });

  afterEach(() => region.stop());

  it("answers 200 while its zones are healthy", async () => {
    const response = await request("/healthz");
    expect(response.status).to.equal(200);
    expect(await response.json()).to.deep.equal({ region: "frankfurt", zone: "primary" });
  });

  it("answers from the secondary zone once that has taken over", async () => {
    await post("/demo/primary/unhealthy");
    expect(await (await request("/healthz")).json()).to.deep.equal({
      region: "frankfurt",
      zone: "secondary",
    });
  });

  it("answers 503 while both zones are unhealthy, and says so", async () => {
    const told = await post("/demo/region/unhealthy");
    expect(await told.json()).to.deep.equal({
      region: "frankfurt",
      primary: "unhealthy",
      secondary: "unhealthy",
      inUse: "primary",
    });
    expect((await request("/healthz")).status).to.equal(503);
    expect((await request("/demo")).status).to.equal(200);
  });

  it("does not answer in time while slow", async () => {
    await post("/demo/region/slow");
    const name = await request("/healthz", { signal: AbortSignal.timeout(200) }).then(
      () => "answered",
      (error: unknown) => (error instanceof Error ? error.name : "?"),
    );
    expect(name).to.equal("TimeoutError");
  });

  it("closes connections while dead", async () => {
    await post("/demo/region/dead");
    const failed = await request("/healthz").then(
      () => false,
      () => true,
    );
    expect(failed).to.equal(true);
  });

  for (const path of ["/demo/region/ill", "/demo/elsewhere/dead", "/demo/region", "/demo/region/dead/now"]) {
    it(`refuses POST ${path}`, async () => {
      expect((await post(path)).status).to.equal(404);
      expect((await request("/healthz")).status).to.equal(200);
    });
  }

  it("refuses to change anything for a GET", async () => {
    expect((await request("/demo/region/dead")).status).to.equal(404);
    expect((await request("/healthz")).status).to.equal(200);
  });
});
