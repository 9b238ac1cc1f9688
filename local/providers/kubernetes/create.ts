import { UserError } from "../lib/provider.ts";
import { hasUnknown, type Props } from "../lib/values.ts";
import { ApiError, type Client, isNotFound, NotServed, type Query } from "./client.ts";
import { describe, nameOf, namespaceOf } from "./identity.ts";
import { CREATE_MANAGER, withoutStatus } from "./state.ts";

/** A missing namespace or definition may still be under way: five more tries, the pause doubling from a second. */
const RETRIES = 5;
const FIRST_PAUSE_MS = 1000;

export interface CreateOptions {
  /** Apply over an object that is there already, instead of failing. */
  upsert: boolean;
  fieldManager: string;
  force: boolean;
  sleep(ms: number): Promise<void>;
  /** Tells the person at the terminal. */
  warn(message: string): void;
}

/** An object of the name is there, and this resource did not make it. */
export class AlreadyExists extends UserError {}
/** The server would not have it. */
class Refused extends UserError {}

/** Makes the object on the cluster and answers it as the server stored it. */
export async function createObject(client: Client, inputs: Props, options: CreateOptions): Promise<Props> {
  try {
    return await retryNotFound(() => send(client, inputs, options, {}), options.sleep);
  } catch (error) {
    if (error instanceof ApiError && error.reason === "AlreadyExists") throw new AlreadyExists(alreadyExists(inputs));
    const { message } = error as Error;
    if (isAnswer(error)) throw new Refused(`${describe(inputs)}: the API server refused it: ${message}`);
    throw new UserError(`${describe(inputs)}: its creation was not confirmed: ${message}`);
  }
}

/** Whether the server has said that it did not do it. */
const isAnswer = (error: unknown): boolean =>
  error instanceof NotServed || (error instanceof ApiError && error.code < 500);

/** Whether a create surely made nothing. */
export const isRefused = (error: unknown): boolean => error instanceof Refused || error instanceof AlreadyExists;

/** What the server would make of the inputs; the inputs themselves when it cannot say yet. */
export async function previewCreate(client: Client | undefined, inputs: Props, options: CreateOptions): Promise<Props> {
  if (!client || hasUnknown(inputs)) return inputs;
  try {
    return withoutStatus(await send(client, inputs, options, { dryRun: "All" }));
  } catch (error) {
    if (cannotPreview(error)) return inputs;
    throw new UserError(`${describe(inputs)}: the API server would refuse it: ${(error as Error).message}`);
  }
}

/** Not there yet (its namespace, its kind), not allowed or not possible to try out, or there already; and no answer at all. */
function cannotPreview(error: unknown): boolean {
  if (!(error instanceof ApiError)) return error instanceof UserError;
  return isNotFound(error) || error.code === 403 || error.code === 409 || /dry ?run/i.test(error.message);
}

async function send(client: Client, inputs: Props, options: CreateOptions, query: Query): Promise<Props> {
  const namespace = namespaceOf(inputs);
  if (!options.upsert) {
    const path = await client.pathOf(inputs, namespace);
    return client.json("POST", path, { body: inputs, query: { ...query, fieldManager: CREATE_MANAGER } });
  }
  return apply(client, inputs, { ...query, fieldManager: options.fieldManager, force: String(options.force) });
}

/** Server-side apply. */
export async function apply(client: Client, inputs: Props, query: Query): Promise<Props> {
  const path = await client.pathOf(inputs, namespaceOf(inputs), nameOf(inputs));
  const contentType = "application/apply-patch+yaml";
  return client.json("PATCH", path, { body: inputs, contentType, query: { fieldValidation: "Warn", ...query } });
}

export async function retryNotFound<T>(attempt: () => Promise<T>, sleep: (ms: number) => Promise<void>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isNotFound(error) || tries === RETRIES) throw error;
      await sleep(FIRST_PAUSE_MS * 2 ** tries);
    }
  }
}

function alreadyExists(inputs: Props): string {
  return (
    `${describe(inputs)} is on the cluster already and not in this stack's state. Choose one: if the resource was renamed in the ` +
    `program, give it an alias; if it should be taken over, import it (pulumi import) or set kubernetes:upsertExistingObjects; ` +
    `else delete it or use another name.`
  );
}
