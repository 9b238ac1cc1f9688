import { serve } from "../serve.ts";
import { dockerPlugin } from "./plugin.ts";

await serve(dockerPlugin);
