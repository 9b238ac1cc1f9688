import { serve } from "../lib/serve.ts";
import { DockerProvider } from "./provider.ts";

serve((log) => new DockerProvider(log));
