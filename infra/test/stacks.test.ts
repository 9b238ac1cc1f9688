// One file for jest, so that each stack is rendered once for all of the suites.
import "./credentials.suite.ts";
import "./golden.suite.ts";
import "./manifests.suite.ts";
import "./hardening.suite.ts";
import "./links.suite.ts";
import "./schema.suite.ts";
import "./service.suite.ts";
