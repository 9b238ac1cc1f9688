// Writes what became of a request, as ../events.ts reads it.
import groovy.json.JsonSlurper

def run = props.get("run")
int index = vars.getObject("request").step
def step = run.plan.steps[index]
def code = prev.responseCode
int status = code.isInteger() ? code as int : 0
def error = "-"
if (status == 0) {
  error = code.contains("Timeout") ? "timeout" : code.contains("ConnectException") || code.contains("HttpHostConnect") ? "connection-refused" : "connection-lost"
} else if (status != step.status) {
  def problem = prev.responseDataAsString =~ /"type"\s*:\s*"\/problems\/([a-z0-9-]+)"/
  error = problem.find() ? problem.group(1) : "http-${status}"
} else if (step.save) {
  def members = new JsonSlurper().parseText(prev.responseDataAsString)
  step.save.each { name, member -> vars.getObject("saved")[name] = String.valueOf(members[member]) }
}
def trace = prev.responseHeaders =~ /(?im)^x-trace-id:\s*(\S+)/
run.out.println("s ${index} ${System.currentTimeMillis() - run.started} ${prev.time * 1000} ${status} ${error} ${trace.find() ? trace.group(1) : '-'}")
