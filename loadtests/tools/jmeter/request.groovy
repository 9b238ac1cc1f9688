// Takes the next request of the session, and waits for its moment. The last turn only ends the session.
def run = props.get("run")
SampleResult.setIgnore()
vars.put("method", "none")
def requests = vars.getObject("session").requests
int at = vars.getObject("at")
while (at < requests.size()) {
  def request = requests[at++]
  def placeholder = request.path =~ /\{(\w+)\}/
  boolean needed = placeholder.find()
  def value = needed ? vars.getObject("saved")[placeholder.group(1)] : null
  long wait = vars.getObject("begun") + request.atMs - System.currentTimeMillis()
  if (wait > 0) Thread.sleep(wait)
  if (needed && value == null) {
    run.out.println("k ${request.step}")
    continue
  }
  vars.putObject("request", request)
  vars.put("path", needed ? request.path.replace(placeholder.group(0), value) : request.path)
  vars.put("body", request.body ?: "")
  vars.put("method", request.method)
  vars.putObject("at", at)
  return
}
vars.put("more", "false")
run.out.println("e")
if (run.left.decrementAndGet() == 0) Thread.start { ctx.engine.stopTest(true) }
