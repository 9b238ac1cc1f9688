// What Artillery calls around each session and request of a plan. Each line that it writes is one event, read by ../events.ts.
import { appendFileSync, readFileSync } from "node:fs";

/** Sessions are begun so many milliseconds before they are due. */
const LEAD_MS = 2_000;

const plan = JSON.parse(readFileSync(process.env.PLAN, "utf8"));
const target = JSON.parse(readFileSync(process.env.TARGET, "utf8"));
let started;
let taken = 0;
let pending = "";

const now = () => performance.now() - started;
const waitFor = (ms, then) => {
  const wait = ms - now();
  if (wait > 0) setTimeout(then, wait);
  else then();
};
const flush = () => {
  if (pending !== "") appendFileSync(process.env.EVENTS, pending);
  pending = "";
};
const write = (line) => {
  if (pending === "") setTimeout(flush, 100);
  pending += `${line}\n`;
};

export function begin(context, _events, done) {
  // The first session is begun as soon as all is loaded.
  started ??= performance.now() + LEAD_MS - (plan.sessions[0].atMs % 1_000);
  const session = plan.sessions[taken++];
  Object.assign(context.vars, {
    session,
    requests: session?.requests.map((_, index) => index) ?? [],
    saved: {},
    sent: 0,
  });
  if (!session) return done();
  waitFor(session.atMs, () => {
    context.vars.begun = now();
    write(`b ${(context.vars.begun - session.atMs).toFixed(3)}`);
    done();
  });
}

/** Waits for the moment of the session's next request, or leaves it out. */
export function next(context, _events, done) {
  const { vars } = context;
  const request = vars.session.requests[vars.sent++];
  vars.current = undefined;
  waitFor(vars.begun + request.atMs, () => {
    const needed = /\{(\w+)\}/.exec(request.path);
    const value = needed && vars.saved[needed[1]];
    if (needed && value === undefined) write(`k ${request.step}`);
    else vars.current = { ...request, path: needed ? request.path.replace(needed[0], value) : request.path };
    done();
  });
}

export const isGet = ({ current }) => current?.method === "GET";
export const isPost = ({ current }) => current?.method === "POST";

export function prepare(request, context, _events, done) {
  const { path, body, key, step } = context.vars.current;
  request.url = `${target.url}${path}`;
  request.headers = {
    [target.markHeader]: target.mark,
    ...(plan.steps[step].signedIn && { Authorization: `Bearer ${target.token}` }),
    ...(key && { "Idempotency-Key": key }),
    ...(body && { "Content-Type": "application/json" }),
  };
  if (body) request.body = body;
  done();
}

export function answered(_request, answer, context, _events, done) {
  const { current, saved } = context.vars;
  const step = plan.steps[current.step];
  const problem = /"type"\s*:\s*"\/problems\/([a-z0-9-]+)"/.exec(answer.body ?? "")?.[1];
  const error = answer.statusCode === step.status ? "-" : (problem ?? `http-${answer.statusCode}`);
  if (error === "-" && Object.keys(step.save).length > 0) {
    const members = JSON.parse(answer.body);
    for (const [name, member] of Object.entries(step.save)) saved[name] = String(members[member]);
  }
  // The end of sending is not always told, as for a short request on a new connection; then it is the moment it could be sent.
  const { response, upload, secureConnect, connect, start } = answer.timings;
  const us = Math.round((response - (upload ?? secureConnect ?? connect ?? start)) * 1_000);
  write(
    `s ${current.step} ${Math.round(now())} ${us} ${answer.statusCode} ${error} ${answer.headers["x-trace-id"] ?? "-"}`,
  );
  done();
}

const ERRORS = { ECONNREFUSED: "connection-refused", ETIMEDOUT: "timeout" };

/** No answer came. Artillery ends the session here. */
export function failed(error, _request, context, _events, done) {
  const { session, current, sent } = context.vars;
  if (current) {
    context.vars.current = undefined;
    write(`s ${current.step} ${Math.round(now())} 0 0 ${ERRORS[error.code] ?? "connection-lost"} -`);
    for (const request of session.requests.slice(sent)) write(`k ${request.step}`);
    write("e");
    context.vars.session = undefined;
  }
  done();
}

export function end(context, _events, done) {
  if (context.vars.session) write("e");
  done();
}

process.on("exit", flush);
