import type { Provider } from "@pulumi/pulumi/provider/index.js";
import { type Status, typeOf, unsupported } from "../serve.ts";
import { hasUnknown, type Props, unwrapMap } from "../values.ts";
import { DockerCli } from "./cli.ts";
import { buildImage, changedInputs, checkImage } from "./image.ts";
import { isLost } from "./registry.ts";

const IMAGE = "docker:index/image:Image";

/** The docker plugin: images built and pushed by the docker command line tool, at the daemon of DOCKER_HOST. */
export function dockerPlugin(status: Status): Provider {
  const cli = new DockerCli();
  const make = async (urn: string, properties: Props) => {
    if (hasUnknown(properties)) throw new Error(`${urn}: an image cannot be built from unknown inputs`);
    const { id, outputs } = await buildImage(cli, unwrapMap(properties), (line) => status(urn, line));
    return { id, outs: { ...properties, ...outputs } };
  };
  return {
    version: "5.2.0",
    check: async (urn, _olds, news: Props) =>
      typeOf(urn) === IMAGE ? checkImage(news) : unsupported(urn, "docker", "Image"),
    diff: async (_id, _urn, olds: Props, news: Props) => ({
      changes: changedInputs(unwrapMap(olds), unwrapMap(news)).length > 0,
    }),
    create: make,
    update: async (_id, urn, _olds, news: Props) => make(urn, news),
    read: async (id, urn, props: Props) => {
      if (Object.keys(props).length === 0)
        throw new Error(`${typeOf(urn)}: importing is not supported by this docker plugin; let the program build it`);
      return (await isLost(String(unwrapMap(props).repoDigest))) ? { id: "", props: {} } : { id, props };
    },
    /** Images stay: other stacks may run them, and the registry has its own clean-up. */
    delete: async () => {},
    cancel: async () => cli.cancel(),
  };
}
