import { afterAll, beforeAll } from "@jest/globals";
import { useEnvironment } from "../stack/environment.ts";
import { bottlenecks } from "./bottlenecks.ts";
import { dev, devAccess, layout, MINUTE, make, removeCluster } from "./commands.ts";
import { loadInCluster } from "./load-in-cluster.ts";
import { ownCluster } from "./own-cluster.ts";
import { promotion } from "./promotion.ts";
import { rotation, storeRotation } from "./rotation.ts";
import { scaling } from "./scaling.ts";
import { scalingByFigures } from "./scaling-figures.ts";
import { tuning } from "./tuning.ts";
import { frontEndUnderFaults } from "./web-faults.ts";

/** What takes longer than ring 4: `make soak ONLY="scaling bottlenecks tuning load-in-cluster rotation promotion web-faults guide"`. */

beforeAll(async () => {
  useEnvironment(layout(), "dev");
  await make("up");
}, 40 * MINUTE);
afterAll(removeCluster, MINUTE);

scaling(dev, devAccess());
scalingByFigures(dev, devAccess());
bottlenecks(dev, devAccess());
tuning(dev, devAccess());

loadInCluster(devAccess());

rotation(devAccess(), "all");
storeRotation(devAccess());

promotion(devAccess());

frontEndUnderFaults();

ownCluster();
