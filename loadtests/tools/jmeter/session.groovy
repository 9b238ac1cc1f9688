// Takes the next session of the plan, and waits for its moment.
def run = props.get("run")
SampleResult.setIgnore()
vars.put("more", "false")
int index = run.next.getAndIncrement()
if (index >= run.plan.sessions.size()) return
def session = run.plan.sessions[index]
long wait = run.started + session.atMs - System.currentTimeMillis()
if (wait > 0) Thread.sleep(wait)
long begun = System.currentTimeMillis()
run.out.println("b ${begun - run.started - session.atMs}")
vars.putObject("session", session)
vars.putObject("begun", begun)
vars.putObject("at", 0)
vars.putObject("saved", [:])
vars.put("more", "true")
