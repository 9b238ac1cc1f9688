// One file for jest, so that each stack is rendered once for all of the suites.
import "./golden.suite.ts";
import "./manifests.suite.ts";
import "./links.suite.ts";
import "./schema.suite.ts";
import "./service.suite.ts";
