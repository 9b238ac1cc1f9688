// Reads the plan, and starts a server of its own on this machine for the warm-up: the first requests of a JVM are slow.
import com.sun.net.httpserver.HttpServer
import groovy.json.JsonSlurper
import java.util.concurrent.atomic.AtomicInteger

def read = { name -> new JsonSlurper().parse(new File(System.getenv(name))) }
def server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0)
server.createContext("/") { exchange ->
  // Without a body: one write, so that no delayed acknowledgement is waited for.
  exchange.sendResponseHeaders(200, -1)
  exchange.close()
}
server.start()
props.put("warmupPort", String.valueOf(server.address.port))
props.put("run", [
  plan: read("PLAN"),
  target: read("TARGET"),
  next: new AtomicInteger(),
  left: new AtomicInteger(),
  out: new PrintWriter(new FileWriter(System.getenv("EVENTS")), true),
  server: server,
])
SampleResult.setIgnore()
