// Threads begin so many milliseconds before their sessions.
final LEAD_MS = 2000
def run = props.get("run")
run.server.stop(0)
run.left.set(run.plan.sessions.size())
run.started = System.currentTimeMillis() + LEAD_MS
SampleResult.setIgnore()
