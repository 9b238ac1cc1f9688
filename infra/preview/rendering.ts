/** What other packages need to build a stack of a checkout without a cluster. */
export { configOf, stacksOf } from "./config.ts";
export { runRenderer } from "./renderer.ts";
