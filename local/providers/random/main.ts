import { serve } from "../lib/serve.ts";
import { RandomProvider } from "./provider.ts";

serve(() => new RandomProvider());
