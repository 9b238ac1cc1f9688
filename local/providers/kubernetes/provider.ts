import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../lib/engine.ts";
import * as api from "../lib/provider.ts";
import { hasUnknown, isMap, type Props, unwrapMap } from "../lib/values.ts";
import { awaitReady, judgeNow, type Outcome, type Waiting } from "./await.ts";
import { checkResource, skipsAwait } from "./check.ts";
import { type Client, isNotFound, NotServed } from "./client.ts";
import { checkConfig, diffConfig } from "./config-diff.ts";
import { type Cluster, clientOf, configureCluster, PREFIX, probe, readSettings } from "./configure.ts";
import { type CreateOptions, previewCreate } from "./create.ts";
import { deleteObject, stillThere } from "./delete.ts";
import { diffResource } from "./diff.ts";
import {
  ANNOTATION,
  annotation,
  apiVersionOf,
  describe,
  idOf,
  kindOf,
  nameOf,
  namespaceOf,
  parseId,
} from "./identity.ts";
import { type Journal, journalIn } from "./journal.ts";
import { gvkOfToken, isPatch } from "./kinds.ts";
import { normalizeInputs } from "./normalize.ts";
import { importedInputs, readObject, refreshedInputs } from "./read.ts";
import { replaceUnready } from "./replace-unready.ts";
import { begunAs, createOrResume } from "./resume.ts";
import { checkpoint, fieldManager, parseCheckpoint } from "./state.ts";
import { previewUpdate, type UpdateOptions, updateObject } from "./update.ts";
import { decodeYaml } from "./yaml.ts";

const DEFAULT_DELETE_SECONDS = 600;

/** The kubernetes plugin: each verb reads its state, calls the pure part, and talks to the cluster. */
export class KubernetesProvider implements api.Provider {
  readonly name = "kubernetes";
  readonly version = "4.34.2";
  readonly #log: Log;
  readonly #journal: Journal;
  readonly #cancel = new AbortController();
  #cluster: Cluster | undefined;

  constructor(log: Log, journal = journalIn()) {
    this.#log = log;
    this.#journal = journal;
    // Every request of every wait listens to it.
    setMaxListeners(0, this.#cancel.signal);
  }

  async checkConfig(request: api.CheckRequest): Promise<api.CheckResult> {
    return checkConfig(request.news);
  }

  async diffConfig(request: api.DiffRequest): Promise<api.DiffResult> {
    const olds = Object.keys(request.oldInputs).length > 0 ? request.oldInputs : request.olds;
    return diffConfig(olds, request.news);
  }

  async configure(variables: Map<string, string>): Promise<void> {
    this.#cluster = await probe(configureCluster(readSettings((key) => variables.get(PREFIX + key))));
  }

  cancel(): void {
    this.#cancel.abort();
  }

  async invoke(token: string, args: Props): Promise<Props> {
    if (token === "kubernetes:yaml:decode") return decodeYaml(unwrapMap(args));
    throw new api.UserError(
      `${token} is not supported by this kubernetes plugin; declare the resources, or install the official plugin`,
    );
  }

  async check(request: api.CheckRequest): Promise<api.CheckResult> {
    const { client, settings } = this.#cluster ?? {};
    if (settings?.skipUpdateUnreachable && !client && request.olds) return { inputs: request.olds };
    return checkResource(request, {
      defaultNamespace: this.#cluster?.defaultNamespace,
      namespaced: (inputs) => this.#namespaced(inputs),
      begunAs: begunAs(this.#journal, request),
    });
  }

  async diff(request: api.DiffRequest): Promise<api.DiffResult> {
    const news = unwrapMap(request.news);
    const settings = this.#cluster?.settings;
    const result = diffResource(parseCheckpoint(request.olds), news, {
      mutable: { configMap: settings?.enableConfigMapMutable ?? false, secret: settings?.enableSecretMutable ?? false },
      namespaced: await this.#namespaced(news),
      patch: isPatch(request.type, news),
      ignoreChanges: request.ignoreChanges,
    });
    if (annotation(news, ANNOTATION.replaceUnready) !== "true" || kindOf(news) !== "Job") return result;
    return replaceUnready(this.#cluster?.client, request, result);
  }

  async create(request: api.CreateRequest): Promise<api.CreateResult> {
    const inputs = normalizeInputs(unwrapMap(request.properties));
    const options = this.#createOptions(request.urn, inputs);
    if (request.preview) {
      const planned = await previewCreate(this.#cluster?.client, inputs, options);
      return { id: "", properties: checkpoint(planned, request.properties) };
    }
    const client = clientOf(this.#cluster);
    const created = await createOrResume(client, this.#journal, request.urn, inputs, options);
    const kept = { fieldManager: options.fieldManager };
    return this.#settle(request, created, request.properties, kept).finally(() => this.#journal.end(request.urn));
  }

  async update(request: api.UpdateRequest): Promise<Props> {
    const inputs = normalizeInputs(unwrapMap(request.news));
    const old = parseCheckpoint(request.olds);
    const options: UpdateOptions = {
      fieldManager: fieldManager(inputs, old.fieldManager),
      oldFieldManager: old.fieldManager,
      force: this.#cluster?.settings.enablePatchForce ?? false,
      ignoreChanges: request.ignoreChanges,
    };
    const kept = { initialApiVersion: old.initialApiVersion, fieldManager: options.fieldManager };
    if (request.preview) {
      return checkpoint(await previewUpdate(this.#cluster?.client, inputs, options), request.news, kept);
    }
    const client = clientOf(this.#cluster);
    const updated = await updateObject(client, inputs, options).catch((error) =>
      this.#halfUpdated(client, request, error),
    );
    return (await this.#settle(request, updated, request.news, kept)).properties;
  }

  async read(request: api.ReadRequest): Promise<api.ReadResult> {
    const unreachable = !this.#cluster?.client;
    if (unreachable && this.#cluster?.settings.deleteUnreachable) return {};
    if (unreachable && this.#cluster?.settings.skipUpdateUnreachable) return request;
    const client = clientOf(this.#cluster);
    const old = parseCheckpoint(request.properties);
    const live = await readObject(client, request.type, request.id, old.live);
    if (!live) return {};
    const known = Object.keys(request.inputs).length > 0 || Object.keys(old.inputs).length > 0;
    const marked = Object.keys(request.inputs).length > 0 ? request.inputs : old.inputs;
    const inputs = known ? refreshedInputs(live, normalizeInputs(unwrapMap(marked))) : importedInputs(live);
    // The old inputs' marks say what stays secret; the values are the new ones.
    const properties = checkpoint(live, inputs, old, known ? marked : undefined);
    const state = { id: idOf(live), properties, inputs: properties.__inputs as Props };
    const reasons = known ? await judgeNow(client, live, unwrapMap(inputs)) : [];
    if (reasons.length > 0) throw new api.InitFailed(notReadyText(live), { ...state, reasons });
    return state;
  }

  async delete(request: api.DeleteRequest): Promise<void> {
    if (!this.#cluster?.client && this.#cluster?.settings.deleteUnreachable) return;
    const client = clientOf(this.#cluster);
    const { inputs, live } = parseCheckpoint(request.properties);
    const { namespace, name } = parseId(request.id);
    const gvk = gvkOfToken(request.type);
    const path = await client
      .path(apiVersionOf(live) || gvk.apiVersion, kindOf(live) || gvk.kind, namespace, name)
      .catch(ignoreUnserved);
    if (!path) return;
    const outcome = await deleteObject(
      client,
      path,
      { ...live, metadata: { ...(live.metadata as Props), ...marks(inputs) } },
      {
        ...this.#waiting(request),
        skipAwait: skipsAwait(inputs),
        timeoutMs: (request.timeout || DEFAULT_DELETE_SECONDS) * 1000,
      },
    );
    if (!outcome.gone) throw stillThere(live, outcome);
  }

  /** Waits until the object is ready and answers its state; one that is not ready is saved, and the step fails. */
  async #settle(
    request: api.Target & { timeout: number },
    stored: Props,
    inputs: Props,
    kept: { initialApiVersion?: string | undefined; fieldManager: string },
  ): Promise<api.CreateResult> {
    const client = clientOf(this.#cluster);
    const path = await client.pathOf(stored, namespaceOf(stored), nameOf(stored));
    const failed = (error: Error): Outcome => ({ live: stored, reasons: [error.message] });
    const outcome = await awaitReady(client, path, stored, unwrapMap(inputs), this.#waiting(request)).catch(failed);
    const state = { id: idOf(outcome.live), properties: checkpoint(outcome.live, inputs, kept) };
    if (outcome.reasons.length > 0)
      throw new api.InitFailed(notReadyText(outcome.live), { ...state, reasons: outcome.reasons });
    return state;
  }

  /** An update that failed half-way: what is on the cluster now is what the state must say. */
  async #halfUpdated(client: Client, request: api.UpdateRequest, error: Error): Promise<never> {
    const old = parseCheckpoint(request.olds);
    const live = await readObject(client, request.type, request.id, old.live).catch(() => undefined);
    if (!live)
      throw isNotFound(error) ? new api.UserError(`${request.id} is gone from the cluster; run pulumi refresh`) : error;
    const inputs = isMap(request.olds.__inputs) ? request.olds.__inputs : request.oldInputs;
    const properties = checkpoint(live, inputs, old);
    throw new api.InitFailed(`${describe(live)} was not updated`, {
      id: request.id,
      properties,
      reasons: [error.message],
    });
  }

  #createOptions(urn: string, inputs: Props): CreateOptions {
    const settings = this.#cluster?.settings;
    return {
      upsert: settings?.upsertExistingObjects ?? false,
      fieldManager: fieldManager(inputs, undefined),
      force: (settings?.enablePatchForce ?? false) || annotation(inputs, ANNOTATION.force) === "true",
      sleep: (ms) => this.#sleep(ms),
      warn: (message) => this.#log.say(urn, "warning", message),
    };
  }

  /** Built-in kinds by the table; others by what the cluster says, and in a namespace when it cannot say. */
  async #namespaced(inputs: Props): Promise<boolean> {
    if (hasUnknown(inputs.kind) || !this.#cluster?.client) return true;
    const resource = await this.#cluster.client.resource(apiVersionOf(inputs), kindOf(inputs)).catch(() => undefined);
    return resource?.namespaced ?? true;
  }

  #waiting(request: api.Target & { timeout: number }): Waiting {
    let said = "";
    return {
      timeout: request.timeout,
      signal: this.#cancel.signal,
      status: (message) => {
        if (message !== said) this.#log.status(request.urn, message);
        said = message;
      },
    };
  }

  /** A pause that a cancel ends. */
  async #sleep(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#cancel.signal }).catch(() => {});
  }
}

function ignoreUnserved(error: unknown): undefined {
  if (error instanceof NotServed) return undefined;
  throw error;
}

const notReadyText = (live: Props): string => `${describe(live)} exists but is not ready`;

/** Annotations are a person's word, also when something has taken them off the live object. */
function marks(inputs: Props): Props {
  const annotations = isMap(inputs.metadata) ? inputs.metadata.annotations : undefined;
  return annotations === undefined ? {} : { annotations };
}
