/**
 * prom-client metrics that keep nothing: the counting is done elsewhere, in typed arrays and in the snapshot, and they
 * read it when the registry asks. prom-client's own labelled `inc` and `set` hash their labels on every call, about half
 * a microsecond each, which neither the answer path nor a scrape of ten thousand endpoints can afford.
 */

import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { MetricDescription } from "./list.ts";
import type { ReadSamples, Sample } from "./sample.ts";

/** What is written of a metric: its samples are read one after the other, so that whoever writes them can let others go on. */
export interface Collection {
  readonly help: string;
  readonly type: string;
  readonly values: Iterable<Sample>;
}

export interface Collected {
  collection(): Collection;
}

export function isCollected(metric: object): metric is Collected {
  return (
    metric instanceof CollectedCounter ||
    metric instanceof CollectedGauge ||
    metric instanceof CollectedHistogram
  );
}

function configurationOf({ name, help, labels }: MetricDescription, registry: Registry) {
  return { name, help, labelNames: [...labels], registers: [registry] };
}

class CollectedCounter extends Counter implements Collected {
  readonly #description: MetricDescription;
  readonly #read: ReadSamples;

  constructor(description: MetricDescription, registry: Registry, read: ReadSamples) {
    super(configurationOf(description, registry));
    this.#description = description;
    this.#read = read;
  }

  collection(): Collection {
    return { ...this.#description, values: this.#read() };
  }

  override async get() {
    return { ...(await super.get()), values: [...this.#read()] };
  }
}

class CollectedGauge extends Gauge implements Collected {
  readonly #description: MetricDescription;
  readonly #read: ReadSamples;

  constructor(description: MetricDescription, registry: Registry, read: ReadSamples) {
    super(configurationOf(description, registry));
    this.#description = description;
    this.#read = read;
  }

  collection(): Collection {
    return { ...this.#description, values: this.#read() };
  }

  override async get() {
    return { ...(await super.get()), values: [...this.#read()] };
  }
}

class CollectedHistogram extends Histogram implements Collected {
  readonly #description: MetricDescription;
  readonly #read: ReadSamples;
  /** Describes the metric: the inherited `get` would come back to `getForPromString`. */
  readonly #head: Histogram;

  constructor(description: MetricDescription, registry: Registry, read: ReadSamples) {
    super(configurationOf(description, registry));
    this.#description = description;
    this.#read = read;
    this.#head = new Histogram({ ...configurationOf(description, registry), registers: [] });
  }

  collection(): Collection {
    return { ...this.#description, values: this.#read() };
  }

  override async get() {
    return { ...(await this.#head.get()), values: [...this.#read()] };
  }

  /** The registry prefers this one to `get` where a metric has it, as prom-client's histograms do. */
  getForPromString() {
    return this.get();
  }
}

/** Puts a metric into the registry that is read by `read` whenever it is collected. */
export function registerCollected(
  description: MetricDescription,
  registry: Registry,
  read: ReadSamples,
): Counter | Gauge | Histogram {
  switch (description.type) {
    case "counter":
      return new CollectedCounter(description, registry, read);
    case "gauge":
      return new CollectedGauge(description, registry, read);
    case "histogram":
      return new CollectedHistogram(description, registry, read);
  }
}
