// The headers of this request; a thread has the sampler for itself.
import org.apache.jmeter.protocol.http.control.Header
import org.apache.jmeter.protocol.http.control.HeaderManager

def run = props.get("run")
def request = vars.getObject("request")
def headers = new HeaderManager()
headers.add(new Header(run.target.markHeader, run.target.mark))
if (run.plan.steps[request.step].signedIn) headers.add(new Header("Authorization", "Bearer " + run.target.token))
if (request.key) headers.add(new Header("Idempotency-Key", request.key))
if (request.body) headers.add(new Header("Content-Type", "application/json"))
// Else those of the request before would be among them.
sampler.removeProperty("HTTPSampler.header_manager")
sampler.setHeaderManager(headers)
