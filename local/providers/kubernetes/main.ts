import { serve } from "../lib/serve.ts";
import { KubernetesProvider } from "./provider.ts";

serve((log) => new KubernetesProvider(log));
