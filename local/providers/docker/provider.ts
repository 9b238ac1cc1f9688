import type { Log } from "../lib/engine.ts";
import * as api from "../lib/provider.ts";
import { hasUnknown, type Props, UNKNOWN, unwrapMap } from "../lib/values.ts";
import { DockerCli } from "./cli.ts";
import { buildImage, checkImage, diffImage, plannedOutputs, pushImage } from "./image.ts";
import { authOf, checkRegistryImage, diffRegistryImage, isLost } from "./registry.ts";

const IMAGE = "docker:index/image:Image";
const REGISTRY_IMAGE = "docker:index/registryImage:RegistryImage";

/** The docker plugin: images built and pushed by the docker command line tool. */
export class DockerProvider implements api.Provider {
  readonly name = "docker";
  readonly version = "5.2.0";
  readonly #log: Log;
  #cli = new DockerCli();

  constructor(log: Log) {
    this.#log = log;
  }

  async configure(variables: Map<string, string>): Promise<void> {
    this.#cli = new DockerCli(variables.get("docker:config:host") || undefined);
  }

  cancel(): void {
    this.#cli.cancel();
  }

  async check({ type, news }: api.CheckRequest): Promise<api.CheckResult> {
    if (type === REGISTRY_IMAGE) return checkRegistryImage(news);
    if (type === IMAGE) return checkImage(news);
    throw new api.UserError(
      `${type} is not supported by this docker plugin, which has Image and RegistryImage; install the official plugin for it`,
    );
  }

  async diff({ type, olds, news, oldInputs, ignoreChanges }: api.DiffRequest): Promise<api.DiffResult> {
    const [state, inputs, before] = [unwrapMap(olds), unwrapMap(news), unwrapMap(oldInputs)];
    if (type === REGISTRY_IMAGE) return diffRegistryImage(state, inputs, ignoreChanges);
    return diffImage(Object.keys(before).length > 0 ? before : state, inputs, ignoreChanges);
  }

  async create(request: api.CreateRequest): Promise<api.CreateResult> {
    const inputs = unwrapMap(request.properties);
    if (request.preview && !this.#buildsOnPreview(request.type, inputs)) {
      return { id: "", properties: { ...request.properties, ...this.#planned(request.type, inputs) } };
    }
    return this.#make(request, inputs, request.properties);
  }

  async update(request: api.UpdateRequest): Promise<Props> {
    const inputs = unwrapMap(request.news);
    if (request.preview && !this.#buildsOnPreview(request.type, inputs)) {
      return { ...request.news, ...this.#planned(request.type, inputs) };
    }
    return (await this.#make(request, inputs, request.news)).properties;
  }

  async read({ id, properties, inputs, type }: api.ReadRequest): Promise<api.ReadResult> {
    if (Object.keys(properties).length === 0) {
      throw new api.UserError(`${type}: importing is not supported by this docker plugin; let the program build it`);
    }
    const { repoDigest } = unwrapMap(properties);
    if (typeof repoDigest === "string" && (await isLost(repoDigest))) return {};
    return { id, properties, inputs };
  }

  /** Images stay: other stacks may run them, and the registry has its own clean-up. */
  async delete(): Promise<void> {}

  #buildsOnPreview(type: string, inputs: Props): boolean {
    return type === IMAGE && inputs.buildOnPreview === true && !hasUnknown(inputs);
  }

  #planned(type: string, inputs: Props): Props {
    return type === REGISTRY_IMAGE ? { sha256Digest: UNKNOWN } : plannedOutputs(inputs);
  }

  async #make({ type, urn }: api.Target, inputs: Props, properties: Props): Promise<api.CreateResult> {
    const onLine = (line: string) => this.#log.status(urn, line);
    if (type === REGISTRY_IMAGE) return this.#push(inputs, properties, onLine);
    const { id, outputs } = await buildImage(this.#cli, inputs, onLine);
    return { id, properties: { ...properties, ...outputs } };
  }

  async #push(inputs: Props, properties: Props, onLine: (line: string) => void): Promise<api.CreateResult> {
    await this.#cli.requireDaemon();
    const name = String(inputs.name);
    const repoDigest = await this.#cli.withLogin(authOf(inputs), (env) => pushImage(this.#cli, name, env, onLine));
    const sha256Digest = repoDigest.split("@")[1] ?? "";
    return { id: sha256Digest, properties: { ...properties, sha256Digest } };
  }
}
